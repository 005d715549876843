import { basename, dirname, join, relative, resolve } from "node:path";
import process from "node:process";
import { type AppDescription, buildUnits, UnitError, type UnitSet } from "@sockact/units";
import { describeApp } from "../app/describe-app.ts";
import { type DetectedApp, detectApp } from "../app/detect-app.ts";
import { isFile, sourceFiles } from "../app/source-files.ts";
import { configNames } from "../config/find-config.ts";
import { loadConfig } from "../config/load-config.ts";
import { withHosts } from "../config/with-hosts.ts";
import { groupForHosts } from "../proxy/find-proxy.ts";
import { assertHomesNotReplaceable } from "../config/replaceable-folders.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import type { Invoker } from "../shared/invoker.ts";
import { calledCommand, helpCommand, ownCommand } from "../shared/own-command.ts";
import { shellWord } from "../shared/shell-words.ts";
import { inHomes, shownOfHomes, withFoldersOfHomes } from "../app/homes.ts";
import { withBundle } from "./bundle.ts";
import { envFileOf, notesOf } from "./env-file.ts";
import { assertEnvironmentFilesTrusted, filesOf, notesOnOpen, notesOnReplaceable } from "./file-notes.ts";
import { checkOptionsWithConfig, type InstallOptions } from "./options.ts";
import { preloadCopy, withPreload } from "./preload-copy.ts";
import { validateFolder } from "./validate-folder.ts";
import type { WantedService } from "./wanted-service.ts";

export interface Surroundings {
  folder: string;
  invoker: Invoker;
  /** The version of the running systemd, if any. */
  systemd: number | undefined;
}

/** Finds the services of the arguments or the config. No code of the app runs as root. */
export async function wantedServices(
  entry: string | undefined,
  options: InstallOptions,
  { folder, invoker, systemd }: Surroundings,
): Promise<WantedService[]> {
  const config =
    entry === undefined
      ? await loadConfig({ folder, file: options.config, invoker, proxy: options.proxy })
      : undefined;
  if (config === undefined) {
    const app = await detectApp({ folder, entry, node: options.node, isBundled: options.bundle });
    if (options.yes === true) assertNoGuess(app);
    const service = await ofApp(app, options, { systemd, invoker });
    const ignored = configNames.find((name) => isFile(join(app.folder, name)));
    if (entry !== undefined && ignored !== undefined)
      service.notes.unshift(`${ignored} is not used, because you named ${entry}.`);
    return [validateFolder(service)];
  }
  checkOptionsWithConfig(config.file, options);
  const chosen = config.descriptions.filter(
    ({ name }) => options.name === undefined || name === options.name,
  );
  if (chosen.length === 0)
    throw new CliError(
      "SOCKACT_ERR_USAGE",
      `${config.file} does not describe a service named ${options.name}`,
      `It describes ${config.descriptions.map(({ name }) => name).join(", ")}.`,
    );
  return Promise.all(
    chosen.map(async (description) =>
      validateFolder(await ofConfig(config.file, description, options, { systemd, invoker })),
    ),
  );
}

/** With --yes, the user does not see a guess. */
function assertNoGuess({ guess, folder, entry }: DetectedApp): void {
  if (guess === undefined) return;
  throw new CliError(
    "SOCKACT_ERR_APP_ENTRY",
    guess,
    `With --yes, sockact does not guess the file. Name it: ${calledCommand(relative(folder, entry), "…")}`,
  );
}

type Known = Omit<Surroundings, "folder">;

async function ofConfig(
  file: string,
  described: AppDescription,
  { user, root }: InstallOptions,
  { systemd, invoker }: Known,
): Promise<WantedService> {
  const isUsers = user === true && described.manager === undefined;
  const plain: AppDescription = {
    ...(systemd === undefined ? {} : { systemd }),
    ...(isUsers ? { manager: "user", uid: process.getuid?.() } : {}),
    ...described,
  };
  const { description: preloaded, copies } = withPreload(plain, unitsOf(plain, file).texts(), root);
  const { description, bundle } = withBundle(preloaded);
  const bound = shownOfHomes(description);
  return {
    description,
    units: unitsOf(description, file),
    app: undefined,
    config: file,
    bundle,
    folder: dirname(file),
    extraFiles: copies,
    bound,
    unread: [],
    envFile: envFileOf(described, file),
    notes: [
      ...(await notesOnOpen([dirname(file), ...filesOf(plain)])),
      ...(isUsers ? [] : await notesOnReplaceable(plain, invoker)),
      ...notesOnHomes(bound),
    ],
  };
}

async function ofApp(
  app: DetectedApp,
  options: InstallOptions,
  { systemd, invoker }: Known,
): Promise<WantedService> {
  const user = options.user === true;
  const name = options.name ?? app.name;
  if (options.environmentFile === undefined && !user) await assertEnvironmentFilesTrusted(app, invoker);
  const isLoaded = options.preload && !app.hasSockact && !app.takesOneSocket;
  const isInstalled = isFile(join(app.folder, "node_modules/@sockact/register/dist/index.cjs"));
  const copies = isLoaded && !isInstalled ? [preloadCopy({ name, user })] : [];
  const listen = options.listen ?? (options.host && [`/run/${name}.sock`]);
  const described = describeApp(app, {
    name,
    listen,
    user,
    runAs: options.runAs,
    hardening: options.hardening,
    idleTimeout: options.idleTimeout as AppDescription["idleTimeout"],
    handover: options.handover,
    bundle: options.bundle,
    environmentFile: options.environmentFile?.map(existingFile),
    preload: copies[0]?.path ?? isLoaded,
    systemd,
  });
  const plain =
    options.host === undefined
      ? described
      : withHosts({ ...described, hosts: options.host }, await groupForHosts(name, options.proxy), "--host");
  const notes = notesOf(app, { ...options, listen });
  if (app.port === undefined && listen === undefined)
    notes.push("The code names no port, so the service listens on port 3000. For another one: --listen");
  if (app.host !== undefined && listen === undefined)
    notes.push(
      `The code names ${app.host}, so only this machine can connect. For every address: --listen ${app.port}`,
    );
  const code = sourceFiles(app.entry).map(({ path }) => path);
  const modules = join(app.folder, "node_modules");
  const looked = [app.folder, modules, ...code, ...filesOf(plain)];
  notes.push(...(await notesOnOpen(looked)), ...(user ? [] : await notesOnReplaceable(plain, invoker)));
  const bound = user || options.runAs !== undefined ? [] : inHomes({ ...app, node: app.node.path });
  await assertHomesNotReplaceable(bound, app.node.path, invoker);
  notes.push(...notesOnHomes(bound));
  const { description, bundle } = withBundle(bound.length > 0 ? withFoldersOfHomes(plain, bound) : plain);
  return {
    description,
    units: unitsOf(description, app.entry, optionOf),
    app,
    bundle,
    config: undefined,
    folder: app.folder,
    extraFiles: copies,
    bound,
    unread: [
      ...(app.envFile !== undefined && !app.isEnvFileRead ? [app.envFile] : []),
      // systemd reads them.
      ...(options.environmentFile ?? []).map((file) => resolve(file)),
    ],
    envFile:
      app.envFile !== undefined &&
      app.isEnvFileRead &&
      ![description.environmentFile].flat().includes(app.envFile)
        ? { path: app.envFile, how: "--environment-file .env" }
        : undefined,
    notes,
  };
}

function notesOnHomes(shown: readonly string[]): string[] {
  if (shown.length === 0) return [];
  const paths = shown.join(" and ");
  return [`The service sees ${paths}, and nothing else in homes (ProtectHome=tmpfs, BindReadOnlyPaths=).`];
}

/** The absolute path of a file that the service needs to start. */
function existingFile(file: string): string {
  const path = resolve(file);
  if (isFile(path)) return path;
  throw new CliError(
    "SOCKACT_ERR_USAGE",
    `${path} does not exist`,
    "systemd reads this file at each start. Create it first, or leave --environment-file out.",
  );
}

/** The options of description fields. */
const optionOf: Readonly<Record<string, string>> = {
  name: "--name",
  sockets: "--listen",
  user: "--run-as",
  idleTimeout: "--idle-timeout",
  environmentFile: "--environment-file",
  hardening: "--hardening",
};

/** @param options without a config, the options to mention instead of fields */
function unitsOf(
  description: AppDescription,
  source: string,
  options?: Readonly<Record<string, string>>,
): UnitSet {
  try {
    return buildUnits(description);
  } catch (cause) {
    if (!(cause instanceof UnitError)) throw cause;
    const fieldOf = (path: string) => /^\w*/.exec(path)![0];
    // Findings can only be acknowledged in a config.
    const problems =
      options === undefined
        ? cause.message
        : cause.problems
            .map(({ path, message, hint }) => `${options[fieldOf(path)] ?? path}: ${message}; ${hint}`)
            .join("\n");
    const exit = { exitCode: EXIT.failed, cause };
    if (cause.problems.some(({ finding }) => finding === "temporary-hidden"))
      throw new CliError(
        "SOCKACT_ERR_INSTALL_APP",
        `${source} is in a temporary folder. The service has temporary folders of its own (PrivateTmp=), so it would not find the file`,
        `Move the app: sudo cp -r ${shellWord(dirname(source))} /srv/${shellWord(basename(description.name))}`,
        exit,
      );
    const isOption = cause.problems.every(({ path }) => fieldOf(path) in (options ?? {}));
    throw new CliError(
      "SOCKACT_ERR_INSTALL_APP",
      `no units can be written for ${source}:\n${problems.replace(/^/gm, "  ")}`,
      isOption
        ? `${helpCommand("install")} describes each option.`
        : options === undefined
          ? "Correct it in the config."
          : `For settings without an option, write a config: ${ownCommand("init")}`,
      exit,
    );
  }
}
