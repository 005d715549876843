import { type Command, InvalidArgumentError, Option } from "commander";
import type { InstallOptions } from "../install-app/options.ts";
import { collect } from "./option-values.ts";

/** The options that describe an app, for the commands that need no config. */
export type AppOptions = Pick<
  InstallOptions,
  | "name"
  | "listen"
  | "user"
  | "runAs"
  | "hardening"
  | "idleTimeout"
  | "handover"
  | "bundle"
  | "environmentFile"
  | "node"
  | "preload"
>;

/** Adds them to a command. */
export function addAppOptions(command: Command): Command {
  return (
    command
      // The descriptions contain choices and defaults.
      .configureHelp({ optionDescription: ({ description }) => description })
      .option("-n, --name <name>", "name of the service (default: from package.json)")
      .option(
        "-l, --listen <address>",
        "listen on this address: 80, 127.0.0.1:80, [::1]:80, localhost:80, /run/shop.sock. May be repeated (default: the app's port)",
        collect,
      )
      .option("--user", "for your own systemd (systemctl --user), not the system's")
      .option("--run-as <user>", "run the app as this user (default: one that exists only while it runs)")
      .addOption(
        new Option(
          "--hardening <profile>",
          "sandbox: outbound may connect to others, inbound only answers, none is off (default: outbound)",
        ).choices(["outbound", "inbound", "none"]),
      )
      .option(
        "--idle-timeout <duration>",
        "let the app sleep after this time without a connection, such as 10min",
      )
      .option("--handover", "let systemctl reload start a new version of the app, so that no client waits")
      .option("--bundle", "run the app from one file that sockact makes, so that it starts faster")
      // Not --env-file: Node reads that option itself, even after the script, and uses NODE_OPTIONS from the
      // file. As root, that would run code of the app.
      .option("--environment-file <file>", "a file of NAME=value lines for the app. May be repeated", collect)
      .option("--node <path>", "the Node that runs the app (default: the one that runs sockact)")
      .option("--no-preload", "do not load @sockact/register into an app that does not call sockact")
  );
}

/** Adds `--host` to a command. */
export const addHostOption = (command: Command): Command =>
  command.option(
    "--host <name>",
    "serve the app at this host name, by a site in Caddy or nginx. May be repeated",
    collect,
  );

/** A version of systemd, for commander. */
export function systemdVersion(value: string): number {
  if (!/^[1-9]\d{2}$/.test(value)) throw new InvalidArgumentError("It must be a number such as 257.");
  return Number(value);
}
