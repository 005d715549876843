import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { explain } from "@sockact/units";
import { describedServices } from "../config/descriptions.ts";
import type { AppChoices } from "../app/describe-app.ts";
import { colourOut, print, printJson } from "../output/print.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { type Invoker, invoker as findInvoker } from "../shared/invoker.ts";
import { colour } from "../shared/messages.ts";
import { type FileState, fileState, writeWhole } from "../shared/write-file.ts";
import { ServiceManager } from "../systemd/service-manager.ts";
import { colouredDiff, differenceOf, installedPath, type UnitDifference } from "./difference.ts";
import { explainedUnits } from "./explanation.ts";
import { emitServices, type ServiceUnits } from "./services.ts";

/** The options of `sockact units`. */
export interface UnitsOptions {
  config?: string | undefined;
  node?: string | undefined;
  choices: AppChoices;
  systemd?: number | undefined;
  out?: string | undefined;
  comments?: boolean | undefined;
  explain?: boolean | undefined;
  diff?: boolean | undefined;
  json?: boolean | undefined;
}

/** `sockact units`. Resolves to the exit code. */
export async function units(argument: string | undefined, options: UnitsOptions): Promise<number> {
  const invoker = await findInvoker();
  const systemd = options.systemd ?? (await installedVersion());
  const { config, node, choices, comments } = options;
  const folder = process.cwd();
  const described = await describedServices({
    folder,
    argument,
    config,
    node,
    choices: { ...choices, systemd },
    invoker,
  });
  for (const note of described.app?.notes ?? [])
    process.stderr.write(`${colour("yellow", "note:")} ${note}\n`);
  const services = emitServices(described.descriptions, described.source, { systemd, comments });
  if (options.out !== undefined)
    return writeUnits(services, resolve(folder, options.out), invoker, options.json ?? false);
  if (options.diff === true) return printDifferences(services, invoker, options.json ?? false);
  if (options.json === true) {
    printJson(
      services.map(({ description, units: texts }) => ({
        name: description.name,
        description,
        units: texts,
        ...(options.explain === true ? { explanations: explain(description) } : {}),
      })),
    );
  } else if (options.explain === true) {
    print(services.map(({ description }) => explainedUnits(description)).join("\n"));
  } else {
    const files = services.flatMap((service) => Object.entries(service.units));
    // As systemctl cat shows them.
    print(files.map(([name, text]) => `${colourOut("bold", `# ${name}`)}\n${text}`).join("\n"));
  }
  return 0;
}

/** `undefined` without systemd, as on macOS: then the units are for an older one. */
async function installedVersion(): Promise<number | undefined> {
  try {
    const version = await new ServiceManager().version();
    return Number.isNaN(version) ? undefined : version;
  } catch (error) {
    if (error instanceof CliError) return undefined;
    throw error;
  }
}

function writeUnits(
  services: readonly ServiceUnits[],
  folder: string,
  invoker: Invoker,
  isJson: boolean,
): number {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new CliError("ERR_WRITE", `there is no folder ${folder}`, `Make it: mkdir -p ${folder}`, {
      exitCode: EXIT.failed,
    });
  const files = services.flatMap((service) =>
    Object.entries(service.units).map(([name, text]): { path: string; text: string; state: FileState } => {
      const path = join(folder, name);
      return { path, text, state: fileState(path, text) };
    }),
  );
  for (const { path, text, state } of files) if (state !== "same") writeWhole(path, text, invoker);
  if (isJson) printJson(files.map(({ path, state }) => ({ path, state })));
  else print(files.map(({ path, state }) => `${state.padEnd(7)}  ${path}\n`).join(""));
  return 0;
}

function printDifferences(services: readonly ServiceUnits[], invoker: Invoker, isJson: boolean): number {
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
