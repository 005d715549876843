import { statSync } from "node:fs";
import { resolve } from "node:path";
import process from "node:process";
import type { HardeningProfile } from "@sockact/units";
import { checkPlace } from "../install/install.ts";
import { CliError } from "../shared/cli-error.ts";
import { sameCommand } from "../shared/own-command.ts";

/** The options of `sockact install`. */
export interface InstallOptions {
  name?: string | undefined;
  listen?: string[] | undefined;
  /** The host names of the site in the machine's proxy. */
  host?: string[] | undefined;
  proxy?: string | undefined;
  user?: boolean | undefined;
  root?: string | undefined;
  config?: string | undefined;
  runAs?: string | undefined;
  hardening?: HardeningProfile | undefined;
  environmentFile?: string[] | undefined;
  idleTimeout?: string | undefined;
  handover?: boolean | undefined;
  bundle?: boolean | undefined;
  node?: string | undefined;
  /** False with `--no-preload`. */
  preload: boolean;
  /** False with `--no-start`. */
  start: boolean;
  /** False with `--no-request`. */
  request: boolean;
  /** How many seconds to wait for the first answer. */
  timeout: number;
  dryRun?: boolean | undefined;
  yes?: boolean | undefined;
  force?: boolean | undefined;
  json?: boolean | undefined;
}

/** Options that describe the app. A config contains all of them. */
const ofApp = {
  listen: "--listen",
  host: "--host",
  runAs: "--run-as",
  hardening: "--hardening",
  environmentFile: "--environment-file",
  idleTimeout: "--idle-timeout",
  handover: "--handover",
  bundle: "--bundle",
  node: "--node",
} as const;

/** Throws for options that contradict each other or can't be used here. */
export function checkOptions(entry: string | undefined, options: InstallOptions): void {
  const { user = false, root, config, runAs, host } = options;
  const usage = (message: string, hint: string) => {
    throw new CliError("SOCKACT_ERR_USAGE", message, hint);
  };
  if (options.bundle === true && root !== undefined)
    usage(
      "--bundle and --root exclude each other",
      "The app has to start once before it runs from a bundle. Leave one of them out.",
    );
  if (user && root !== undefined) usage("--user and --root exclude each other", "Leave one of them out.");
  checkPlace({ user, root: "/" }, "install");
  if (host !== undefined && (user || root !== undefined))
    usage(
      `--host and --${user ? "user" : "root"} exclude each other`,
      "The site is in the proxy of this machine, which root installs. Leave one of the options out.",
    );
  if (user && runAs !== undefined)
    usage(
      "--run-as is for system services",
      "With --user, the service runs as you. Leave one of the options out.",
    );
  if (entry !== undefined && config !== undefined)
    usage(
      "an entry and --config exclude each other",
      "The config names the file to run. Leave one of the two out.",
    );
}

/** Throws if nothing can be installed on this system, or by this user. `user: false`: `--user` is no option. */
export function checkMachine({ user, root, dryRun = false }: InstallOptions): void {
  if (process.platform !== "linux")
    throw new CliError(
      "SOCKACT_ERR_USAGE",
      "systemd runs only on Linux",
      "Run this command on the server. On this machine, sockact run passes sockets to your app.",
    );
  if (user !== true && root === undefined && !dryRun && process.getuid?.() !== 0) {
    throw new CliError(
      "SOCKACT_ERR_INSTALL_ROOT",
      "only root may install a system service",
      `${sameCommand()}\nTo see the files first: add --dry-run.${user === false ? "" : " For a service of your user, without port 80: add --user."}`,
    );
  }
}

/** The absolute path of the folder of `--root`, which must exist. */
export function rootFolder(root: string | undefined): string {
  if (root === undefined) return "/";
  const folder = resolve(root);
  if (root !== "" && statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return folder;
  throw new CliError(
    "SOCKACT_ERR_USAGE",
    root === "" ? "--root is empty" : `the folder ${folder} does not exist`,
    "--root takes the root folder of an image or a container, such as /mnt/image.",
  );
}

/** Throws for options that have no effect with a config. */
export function checkOptionsWithConfig(file: string, options: InstallOptions): void {
  const given = Object.entries(ofApp).filter(([name]) => options[name as keyof typeof ofApp] !== undefined);
  const names = [...given.map(([, option]) => option), ...(options.preload ? [] : ["--no-preload"])];
  if (names.length === 0) return;
  throw new CliError(
    "SOCKACT_ERR_USAGE",
    `${names.join(" and ")} would be ignored: ${file} describes the service`,
    "Write the settings into the config. Or name the entry of the app: then the config is not used.",
  );
}
