import { resolve } from "node:path";
import type { AppDescription } from "@sockact/units";
import { type AppChoices, describeApp } from "../app/describe-app.ts";
import { type DetectedApp, detectApp } from "../app/detect-app.ts";
import { isFile } from "../app/source-files.ts";
import { CliError } from "../shared/cli-error.ts";
import type { Invoker } from "../shared/invoker.ts";
import { nearestNames } from "../shared/nearest.ts";
import { loadConfig, unitsOf } from "./load-config.ts";

export interface DescribeOptions {
  folder: string;
  /** The name of a service in the config, or the file that starts the app. */
  argument?: string | undefined;
  /** A config by its path. */
  config?: string | undefined;
  node?: string | undefined;
  choices: AppChoices;
  invoker: Invoker;
}

/** The descriptions that a command works on, and where they come from. */
export interface Described {
  /** Of the config, or of the app's folder: for messages. */
  source: string;
  descriptions: AppDescription[];
  /** The app, if the descriptions are not from a config. */
  app: DetectedApp | undefined;
}

/**
 * The descriptions that the arguments of a command mean. A config counts unless a file is named that starts an app; without both, the app in
 * the folder is found. Rejects with the errors of `loadConfig()` and `detectApp()`, with `ERR_CONFIG_NAME` (the config has no such
 * service), and with `ERR_USAGE` (the options would change what a config says).
 */
export async function describedServices(options: DescribeOptions): Promise<Described> {
  const { folder, argument, config, node, choices, invoker } = options;
  const isEntry = argument !== undefined && config === undefined && isFile(resolve(folder, argument));
  const loaded = isEntry ? undefined : await loadConfig({ folder, file: config, invoker });
  if (loaded === undefined) {
    const app = await detectApp({ folder, entry: argument, node });
    const { name = app.name, environmentFile } = choices;
    const description = describeApp(app, {
      ...choices,
      name,
      uid: invoker.uid,
      environmentFile: environmentFile?.map((file) => resolve(folder, file)),
    });
    unitsOf(description, "your options");
    return { source: app.folder, descriptions: [description], app };
  }
  const given = Object.entries({ ...choices, node }).flatMap(([key, value]) =>
    value === undefined || key === "systemd" || (value === false && key === "user") ? [] : key,
  );
  if (given.length > 0)
    throw new CliError(
      "ERR_USAGE",
      `${loaded.file} describes the service, so options can't (${given.join(", ")})`,
      "Change the config, or name the file that starts the app: then the config does not count.",
    );
  return {
    source: loaded.file,
    descriptions: named(loaded.descriptions, argument, loaded.file),
    app: undefined,
  };
}

function named(descriptions: AppDescription[], name: string | undefined, file: string): AppDescription[] {
  if (name === undefined) return descriptions;
  const found = descriptions.filter((description) => description.name === name);
  if (found.length > 0) return found;
  const names = descriptions.map((description) => description.name);
  const [near] = nearestNames(name, names);
  throw new CliError(
    "ERR_CONFIG_NAME",
    `${file} has no service ${name}, and there is no such file`,
    near === undefined ? `It has ${names.join(", ")}.` : `Did you mean ${near}?`,
  );
}
