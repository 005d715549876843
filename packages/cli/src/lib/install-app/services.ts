import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { type AppDescription, emitUnits, UnitError } from "@sockact/units";
import { describeApp } from "../app/describe-app.ts";
import { type DetectedApp, detectApp } from "../app/detect-app.ts";
import { loadConfig } from "../config/load-config.ts";
import { appFolders } from "../install/access/app-folders.ts";
import { isInHome, liesIn } from "../shared/folders.ts";
import { openToAll } from "../install/access/modes.ts";
import type { ExtraFile } from "../install/transaction.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import type { Invoker } from "../shared/invoker.ts";
import { homeOf, withFoldersOfHomes } from "./homes.ts";
import { checkOptionsWithConfig, type InstallOptions } from "./options.ts";
import { preloadCopy } from "./preload-copy.ts";

/** A service that is to be installed. */
export interface WantedService {
  description: AppDescription;
  units: Record<string, string>;
  /** The app, if there is no config. */
  app: DetectedApp | undefined;
  /** The absolute path of the config, if there is one. */
  config: string | undefined;
  /** The folder of the app. */
  folder: string;
  extraFiles: ExtraFile[];
  /** What the service sees of homes, if it sees just that. */
  bound: string[];
  /** Files of variables that systemd reads, or nobody. */
  unread: string[];
  /** What the user should know, as sentences. */
  notes: string[];
}

export interface Surroundings {
  folder: string;
  invoker: Invoker;
  /** The version of systemd, if it runs here. */
  systemd: number | undefined;
}

/** Finds out which services the arguments, or the config of this folder, ask for. No code of the app runs as root. */
export async function wantedServices(
  entry: string | undefined,
  options: InstallOptions,
  { folder, invoker, systemd }: Surroundings,
): Promise<WantedService[]> {
  const config =
    entry === undefined ? await loadConfig({ folder, file: options.config, invoker }) : undefined;
  if (config === undefined) {
    const app = await detectApp({ folder, entry, node: options.node });
    return [await ofApp(app, options, systemd)];
  }
  checkOptionsWithConfig(config.file, options);
  const chosen = config.descriptions.filter(
    ({ name }) => options.name === undefined || name === options.name,
  );
  if (chosen.length === 0)
    throw new CliError(
      "ERR_USAGE",
      `${config.file} describes no service called ${options.name}`,
      `It has ${config.descriptions.map(({ name }) => name).join(", ")}.`,
    );
  return chosen.map((description) => ofConfig(config.file, description, options, systemd));
}

function ofConfig(
  file: string,
  described: AppDescription,
  { user }: InstallOptions,
  systemd: number | undefined,
): WantedService {
  const isUsers = user === true && described.manager === undefined;
  const description: AppDescription = {
    ...(systemd === undefined ? {} : { systemd }),
    ...(isUsers ? { manager: "user", uid: process.getuid?.() } : {}),
    ...described,
  };
  const folder = dirname(file);
  return {
    description,
    units: unitsOf(description, file),
    app: undefined,
    config: file,
    folder,
    extraFiles: [],
    bound: [],
    unread: [],
    notes: [],
  };
}

async function ofApp(
  app: DetectedApp,
  options: InstallOptions,
  systemd: number | undefined,
): Promise<WantedService> {
  const user = options.user === true;
  const name = options.name ?? app.name;
  const isLoaded = options.preload && !app.hasSockact;
  const isInstalled = existsSync(join(app.folder, "node_modules/@sockact/register/dist/index.cjs"));
  const copies = isLoaded && !isInstalled ? [preloadCopy({ name, user })] : [];
  const plain = describeApp(app, {
    name,
    listen: options.listen,
    user,
    runAs: options.runAs,
    hardening: options.hardening,
    idleTimeout: options.idle as AppDescription["idleTimeout"],
    environmentFile: options.environmentFile?.map(existingFile),
    preload: copies[0]?.path ?? isLoaded,
    systemd,
  });
  const notes = notesOf(app, options);
  const openFolder = await openToAll(app.folder);
  if (openFolder !== undefined)
    notes.push(`Anybody may write to ${openFolder}, and so change what the service runs: chmod o-w`);
  const bound = user || options.runAs !== undefined ? [] : inHomes(app);
  if (bound.length > 0)
    notes.push(
      `The service sees ${bound.join(" and ")}, and nothing else in homes (ProtectHome=tmpfs, BindReadOnlyPaths=).`,
    );
  const description = bound.length > 0 ? withFoldersOfHomes(plain, bound) : plain;
  return {
    description,
    units: unitsOf(description, app.entry),
    app,
    config: undefined,
    folder: app.folder,
    extraFiles: copies,
    bound,
    unread:
      app.envFile !== undefined && app.notes.some((note) => note.includes("environmentFile"))
        ? [app.envFile]
        : [],
    notes,
  };
}

/** The absolute path of a file, without which the service would not start. */
function existingFile(file: string): string {
  const path = resolve(file);
  if (existsSync(path)) return path;
  throw new CliError(
    "ERR_USAGE",
    `there is no file ${path}`,
    "systemd reads it at each start. Create it first, or leave --environment-file off.",
  );
}

/** What was found out about the app. The file `.env` is named by an option here, and by a field in a config. */
function notesOf({ notes, envFile }: DetectedApp, options: InstallOptions): string[] {
  const others = notes.filter((note) => !note.includes("environmentFile"));
  const isUnread =
    others.length < notes.length && envFile !== undefined && options.environmentFile === undefined;
  return isUnread
    ? [
        ...others,
        "There is a .env, which the app does not read by itself. For its variables: --environment-file .env",
      ]
    : others;
}

/** What of Node and the app is in homes. A service that runs as a user of its own would not see it. */
export function inHomes({ folder, entry, node }: DetectedApp): string[] {
  // A link to somebody else's home must not open it.
  const paths = appFolders(folder, entry).roots.filter(
    (path) => isInHome(path) && homeOf(path) === homeOf(folder),
  );
  const home = paths.find((path) => path === homeOf(path));
  if (home !== undefined)
    throw new CliError(
      "ERR_INSTALL_APP",
      `the app is not in a folder of its own: its files are those of ${home}`,
      "The service would see all that is there. Move the app to a folder of its own, such as /srv/shop.",
    );
  const isNodeApart = isInHome(node.path) && !paths.some((path) => liesIn(path, node.path));
  return [...(isNodeApart ? [node.path] : []), ...paths];
}

function unitsOf(description: AppDescription, source: string): Record<string, string> {
  try {
    return emitUnits(description);
  } catch (cause) {
    if (!(cause instanceof UnitError)) throw cause;
    const problems = cause.problems.map(
      ({ path, message, hint }) => `  ${path || "description"}: ${message}; ${hint}`,
    );
    throw new CliError(
      "ERR_INSTALL_APP",
      `no units can be written for ${source}:\n${problems.join("\n")}`,
      "For what the options can't say, write a config: sockact init",
      { exitCode: EXIT.failed, cause },
    );
  }
}
