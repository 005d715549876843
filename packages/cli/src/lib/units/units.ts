import { ownCommand } from "../shared/own-command.ts";
import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { type AppDescription, emitUnits, explain, type UnitSet } from "@sockact/units";
import { isFile } from "../app/source-files.ts";
import { findConfig } from "../config/find-config.ts";
import { assertAccountNamesFree, rootOfUnits } from "../install/install.ts";
import type { InstallOptions } from "../install-app/options.ts";
import { wantedServices } from "../install-app/services.ts";
import type { WantedService } from "../install-app/wanted-service.ts";
import { colourOut, print, printJson } from "../output/print.ts";
import { wrap } from "../output/wrap.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { type Invoker, invoker as findInvoker } from "../shared/invoker.ts";
import { colour, tell, warn } from "../shared/messages.ts";
import { type FileState, fileState, writeWhole } from "../shared/write-file.ts";
import { installedSystemd } from "../systemd/service-manager.ts";
import type { UnitDifference } from "./difference.ts";
import { explainedUnits } from "./explanation.ts";

/** The options of `sockact units`. Those that describe the app are the same as for `sockact install`. */
export interface UnitsOptions {
  app: InstallOptions;
  systemd?: number | undefined;
  out?: string | undefined;
  comments?: boolean | undefined;
  explain?: boolean | undefined;
  diff?: boolean | undefined;
  json?: boolean | undefined;
}

/** A service and its units. */
interface Service {
  description: AppDescription;
  built: UnitSet;
  units: Record<string, string>;
}

/** `sockact units`. Resolves to the exit code. */
export async function units(argument: string | undefined, options: UnitsOptions): Promise<number> {
  const { out, comments = false, explain: isExplained = false, diff = false, json: isJson = false } = options;
  const invoker = await findInvoker();
  const wanted = await wantedBy(argument, options, invoker);
  const services = wanted.map(({ description, units: built }): Service => ({
    description,
    built,
    units: emitUnits(built, { comments }),
  }));
  if (!diff)
    for (const { description, bundle } of wanted)
      if (bundle) warn(`${description.name} loads the file of its bundle, which only sockact install makes`);
  if (out !== undefined) return writeUnits(services, resolve(out), invoker, isJson);
  if (diff) return printDifferences(services, invoker, isJson);
  if (isJson) {
    printJson(
      services.map(({ description, built, units: texts }) => ({
        name: description.name,
        description,
        units: texts,
        ...(isExplained ? { explanations: explain(built) } : {}),
      })),
    );
  } else if (isExplained) {
    print(services.map(({ built }) => explainedUnits(built)).join("\n"));
  } else {
    const files = services.flatMap((service) => Object.entries(service.units));
    // In the form of systemctl cat.
    print(files.map(([name, text]) => `${colourOut("bold", `# ${name}`)}\n${text}`).join("\n"));
  }
  return 0;
}

/** The services of the argument: the file that starts an app, or the name of a service in the config. */
async function wantedBy(
  argument: string | undefined,
  { app, systemd, out }: UnitsOptions,
  invoker: Invoker,
): Promise<WantedService[]> {
  const folder = process.cwd();
  const isName = argument !== undefined && (app.config !== undefined || !isFile(resolve(folder, argument)));
  if (isName && findConfig(folder, app.config) === undefined)
    throw new CliError(
      "SOCKACT_ERR_APP_ENTRY",
      `the file ${argument} does not exist, and no config describes a service ${argument}`,
      `Name the file that starts your app, such as server.js, or write a config: ${ownCommand("init")}`,
    );
  const surroundings = { folder, invoker, systemd: systemd ?? (await installedSystemd()) };
  const wanted = isName
    ? await wantedServices(undefined, { ...app, name: argument }, surroundings)
    : await wantedServices(argument, app, surroundings);
  const copies = wanted.flatMap(({ extraFiles }) => extraFiles.map(({ path }) => path));
  const notes = [
    ...wanted.flatMap((service) => service.notes),
    ...(out === undefined
      ? []
      : copies.map(
          (path) =>
            `The unit loads ${path}, which sockact install writes. To install the units yourself, add the preload to your app: npm install @sockact/register`,
        )),
  ];
  const width = Math.min(process.stderr.columns || 80, 100);
  for (const note of new Set(notes)) tell(`${wrap(`${colour("yellow", "note:")} ${note}`, { width })}\n`);
  return wanted;
}

async function writeUnits(
  services: readonly Service[],
  folder: string,
  invoker: Invoker,
  isJson: boolean,
): Promise<number> {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new CliError(
      "SOCKACT_ERR_WRITE",
      `the folder ${folder} does not exist`,
      `Create it: mkdir -p ${folder}`,
      {
        exitCode: EXIT.failed,
      },
    );
  const root = rootOfUnits(folder);
  for (const { description, units: texts } of root === undefined ? [] : services) {
    const existing = Object.keys(texts).filter((name) => isFile(join(folder, name)));
    await assertAccountNamesFree(
      { user: description.manager === "user", root: root!, units: texts },
      existing,
    );
  }
  const files = services.flatMap((service) =>
    Object.entries(service.units).map(([name, text]): { path: string; text: string; state: FileState } => {
      const path = join(folder, name);
      return { path, text, state: fileState(path, text) };
    }),
  );
  for (const { path, text, state } of files) if (state !== "same") await writeWhole(path, text, invoker);
  if (isJson) printJson(files.map(({ path, state }) => ({ path, state })));
  else print(files.map(({ path, state }) => `${state.padEnd(7)}  ${path}\n`).join(""));
  return 0;
}

async function printDifferences(
  services: readonly Service[],
  invoker: Invoker,
  isJson: boolean,
): Promise<number> {
  const { differenceOf, installedPath } = await import("./difference.ts");
  const { colouredDiff } = await import("../output/diff.ts");
  const differences = services.flatMap(({ description, units: texts }) =>
    Object.entries(texts).map(([unit, text]) =>
      differenceOf(unit, text, installedPath(unit, description, invoker)),
    ),
  );
  const isSame = ({ state }: UnitDifference): boolean => state === "same";
  if (isJson) printJson(differences);
  else
    print(
      differences
        .filter((one) => !isSame(one))
        .map(({ diff }) => colouredDiff(diff))
        .join("\n"),
    );
  return differences.every((one) => isSame(one)) ? 0 : EXIT.failed;
}
