import process from "node:process";
import { Command, Option } from "commander";
import type { AppChoices } from "../app/describe-app.ts";
import type { ConfigFormat } from "../init/config-text.ts";
import { addAppOptions, addHostOption, type AppOptions } from "./app-options.ts";

interface InitCommandOptions extends AppOptions {
  host?: string[];
  format?: ConfigFormat;
  yes?: boolean;
  force?: boolean;
  json?: boolean;
}

/** `sockact init`. */
export function initCommand(): Command {
  const command = new Command("init")
    .description(
      "Write sockact.config, which describes how systemd runs your app. It finds most settings itself, and asks for the rest.",
    )
    .argument("[entry]", "the file that starts your app (default: it is found)")
    .option("-y, --yes", "ask nothing: use the settings that it finds, and the defaults")
    .addOption(
      new Option(
        "--format <format>",
        "ts, js or json (default: ts in a TypeScript project, otherwise js)",
      ).choices(["ts", "js", "json"]),
    )
    .option("--force", "overwrite an existing config")
    .option("--json", "print what was found as JSON, and write nothing");
  return addHostOption(addAppOptions(command))
    .addHelpText(
      "after",
      `
Examples:
  sockact init
  sockact init server.js --name shop --listen 80
  sockact init --yes --format json

Exit codes:
  0    the config was written
  1    it failed, or there is a config already
  2    wrong arguments, or no app was found
  130  you have cancelled it: nothing was written`,
    )
    .action(async (entry: string | undefined, options: InitCommandOptions) => {
      const { init } = await import("../init/init.ts");
      const {
        name,
        listen,
        host,
        user,
        runAs,
        hardening,
        idleTimeout,
        handover,
        bundle,
        environmentFile,
        preload,
      } = options;
      const choices: AppChoices = {
        name,
        listen,
        host,
        user,
        runAs,
        hardening,
        idleTimeout: idleTimeout as AppChoices["idleTimeout"],
        handover,
        bundle,
        environmentFile,
        preload: preload ? undefined : false,
      };
      process.exitCode = await init(entry, { ...options, choices });
    });
}
