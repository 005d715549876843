import { realpathSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { clean } from "../shared/clean.ts";
import { CliError } from "../shared/cli-error.ts";
import { calledCommand } from "../shared/own-command.ts";
import { readTextFile } from "../shared/read-file.ts";
import { runnable, usualEntry } from "./entry.ts";
import { type EnvironmentFiles, environmentFilesOf } from "./environment-files.ts";
import { findNode, type FoundNode } from "./find-node.ts";
import { findFramework, type Framework } from "./framework.ts";
import { packageFolder, readManifest, type Manifest } from "./manifest.ts";
import { findPort } from "./port.ts";
import { isFile, resolveLocal, sourceFiles, type SourceFile } from "./source-files.ts";
import { startCommand, type StartCommand } from "./start-script.ts";
import { unitNameOf } from "./unit-name.ts";

/** Facts about an app, from its files. */
export interface DetectedApp {
  /** The package's folder, as a real path. */
  folder: string;
  /** A valid unit name, from package.json or the folder. */
  name: string;
  /** The absolute path of the file that Node runs. */
  entry: string;
  /** The arguments before the entry, such as `["--import", "tsx"]`. */
  nodeArguments: string[];
  /** The arguments after the entry. */
  arguments: string[];
  /** Why the entry is a guess: the start script does not lead to it. Undefined if it is not a guess. */
  guess: string | undefined;
  /** Variables that the start script sets, without PORT. */
  environment: Record<string, string>;
  framework: Framework | undefined;
  /**
   * Whether the app itself calls `systemdListen()` or loads @sockact/register. Otherwise it needs the
   * preload.
   */
  hasSockact: boolean;
  /**
   * Whether it uses a socket from systemd without sockact, as the server of SvelteKit's adapter-node does.
   * That server accepts only one descriptor, so it must get neither the preload nor the notify descriptor.
   */
  takesOneSocket: boolean;
  /** The port in the code or in the start script. */
  port: number | undefined;
  /** The loopback address that the code or the start script names besides. */
  host: string | undefined;
  /** Whether the code shows that the app listens there and nowhere else. */
  isPortSure: boolean;
  node: FoundNode;
  /** A tool in the start script that does not pass the sockets on. The service runs its command instead. */
  launcher: string | undefined;
  /** Files of variables that the start script reads, and that systemd can read instead. */
  environmentFiles: string[];
  /** Those that systemd must not read just because the script names them. */
  refusedEnvironmentFiles: EnvironmentFiles["refused"];
  /** Its file `.env`, if it has one. */
  envFile: string | undefined;
  /** Whether the app reads that file itself. */
  isEnvFileRead: boolean;
  /** Notes for the user, in sentences. */
  notes: string[];
}

export interface DetectOptions {
  folder: string;
  /** The file that Node runs, relative to the folder. */
  entry?: string | undefined;
  /** The path of Node. */
  node?: string | undefined;
  /** Whether it runs as a bundle, which is JavaScript. */
  isBundled?: boolean | undefined;
}

/**
 * Detects an app by reading its files, without running them.
 *
 * Rejects with a `CliError`: `SOCKACT_ERR_APP_FOLDER` (no such folder), `SOCKACT_ERR_APP_MANIFEST` (an
 * unreadable package.json), `SOCKACT_ERR_APP_ENTRY` (no file to run), `SOCKACT_ERR_APP_BUILD` (TypeScript
 * that was not built).
 */
export async function detectApp({
  folder,
  entry: named,
  node: namedNode,
  isBundled = false,
}: DetectOptions): Promise<DetectedApp> {
  const from = realFolder(folder);
  const namedFile = named === undefined ? undefined : namedEntry(from, named);
  const root = packageFolder(namedFile === undefined ? from : dirname(namedFile));
  const manifest = readManifest(root);
  const node = findNode(namedNode);
  const script = startCommand(root, manifest);
  const { source, command, guess, notes } = chooseEntry(root, manifest, namedFile, script);
  const isNest = "@nestjs/core" in manifest.dependencies;
  const run = runnable(root, source, node, { needsBuild: isNest, isBundled });
  const files = sourceFiles(run.entry);
  // Built code may be minified.
  const readable = run.entry === source ? files : [...sourceFiles(source), ...files];
  const framework = findFramework(readable, manifest);
  const envFile = isFile(join(root, ".env")) ? join(root, ".env") : undefined;
  const environmentFiles = environmentFilesOf(root, command?.environmentFiles ?? []);
  const variables = { ...(envFile === undefined ? {} : portOfEnvFile(envFile)), ...command?.environment };
  const {
    port,
    host,
    isSure: isPortSure,
  } = findPort({
    files: readable,
    arguments: command?.arguments ?? [],
    environment: variables,
    framework,
  });
  const { PORT: _port, ...environment } = command?.environment ?? {};
  const isEnvFileRead = readsEnvFile(readable, framework, command?.nodeArguments ?? []);
  const hasSockact = usesSockact(readable);
  return {
    folder: root,
    name: unitNameOf(manifest.name ?? basename(root)),
    entry: run.entry,
    nodeArguments: [
      ...run.nodeArguments.filter((word) => !command?.nodeArguments.includes(word)),
      ...(command?.nodeArguments ?? []),
    ],
    arguments: command?.arguments ?? [],
    guess,
    environment,
    framework,
    hasSockact,
    takesOneSocket: isAdapterNode(readable),
    port,
    host,
    isPortSure,
    node,
    launcher: command?.launchers[0],
    environmentFiles: environmentFiles.accepted,
    refusedEnvironmentFiles: environmentFiles.refused,
    envFile,
    isEnvFileRead,
    notes: [
      ...notes,
      ...environmentFiles.notes,
      ...run.notes,
      ...notesOfSockact(hasSockact, manifest, relative(root, run.entry)),
      ...notesOfNode(node),
    ].map((note) => clean(note)),
  };
}

function realFolder(folder: string): string {
  try {
    const real = realpathSync(folder);
    if (statSync(real).isDirectory()) return real;
    throw new Error("it is not a folder");
  } catch (cause) {
    throw new CliError(
      "SOCKACT_ERR_APP_FOLDER",
      `can't read the folder ${folder}: ${(cause as Error).message}`,
      "Name the folder of your app.",
      { cause },
    );
  }
}

function namedEntry(folder: string, entry: string): string {
  const path = resolve(folder, entry);
  if (!isFile(path))
    throw new CliError(
      "SOCKACT_ERR_APP_ENTRY",
      `${path} does not exist`,
      "Name the file that starts your app, such as server.js, or leave it out to have it found.",
    );
  return realpathSync(path);
}

interface Choice {
  source: string;
  /** The start script, if it runs this entry. */
  command: StartCommand | undefined;
  /** Why this entry is a guess. */
  guess?: string | undefined;
  notes: string[];
}

function chooseEntry(
  root: string,
  manifest: Manifest,
  named: string | undefined,
  script: StartCommand | undefined,
): Choice {
  const ofScript = script === undefined ? undefined : fileOfScript(root, manifest, script.script);
  const isChosen = ofScript !== undefined && (named === undefined || named === ofScript);
  if (named !== undefined && !isChosen) return { source: named, command: undefined, notes: [] };
  if (isChosen)
    return {
      source: ofScript,
      command: script,
      notes: [...script!.notes, ...notesOfLaunchers(manifest, script!)],
    };
  if (script !== undefined && /^(?:dist|build|out|lib)\//.test(script.script.replace(/^\.\//, "")))
    throw new CliError(
      "SOCKACT_ERR_APP_BUILD",
      `the start script runs ${script.script}, which has not been built`,
      `Build it first${manifest.scripts["build"] === undefined ? "" : ": npm run build"}.`,
    );
  const source = usualEntry(root, manifest);
  if (source === undefined)
    throw new CliError(
      "SOCKACT_ERR_APP_ENTRY",
      `found no file in ${root} that starts an app`,
      `Name it: ${calledCommand("server.js")}, or packages/web/server.js in a monorepo. If the app has to be built, build it first.`,
    );
  const text = manifest.scripts["start"];
  const problem = script === undefined ? "was not understood" : `runs ${script.script}, which does not exist`;
  const guess =
    text === undefined
      ? undefined
      : `The start script ${problem}, so ${relative(root, source)} was chosen. The script is: ${text}`;
  return {
    source: realpathSync(source),
    command: undefined,
    guess,
    notes: guess === undefined ? [] : [guess],
  };
}

/** The file in a script. `node .` runs the main file of the package. */
function fileOfScript(root: string, { main }: Manifest, name: string): string | undefined {
  if (resolve(root, name) !== root) return resolveLocal(root, name);
  return (main === undefined ? undefined : resolveLocal(root, main)) ?? resolveLocal(root, "index");
}

function notesOfLaunchers({ scripts }: Manifest, { launchers }: StartCommand): string[] {
  const [first] = launchers;
  if (first === undefined) return [];
  return [
    `The start script is ${JSON.stringify(scripts["start"])}. ${first} starts the app in a separate process, which does not get the sockets. So the service runs node itself.`,
  ];
}

/** By an import, or in a bundle by the name under which sockact keeps its state. */
export function usesSockact(files: readonly SourceFile[]): boolean {
  return files.some(
    ({ imports, text }) =>
      imports.some((name) => /^@sockact\/(?:core|express|koa|fastify|register)(?:\/|$)/.test(name)) ||
      text.includes("sockact.1"),
  );
}

/**
 * Detects the server of adapter-node by two strings that a minifier keeps. Earlier versions don't read
 * LISTEN_FDS, and need the preload.
 */
function isAdapterNode(files: readonly SourceFile[]): boolean {
  return files.some(({ text }) => text.includes("sveltekit:shutdown") && text.includes("LISTEN_FDS"));
}

function notesOfSockact(hasSockact: boolean, { dependencies }: Manifest, entry: string): string[] {
  const installed = Object.keys(dependencies).find((name) =>
    /^@sockact\/(?:core|express|koa|fastify)$/.test(name),
  );
  if (hasSockact || installed === undefined) return [];
  return [`package.json names ${installed}, but ${entry} and what it imports do not use it.`];
}

/** Reads only PORT, because other variables may be secrets. */
function portOfEnvFile(file: string): { PORT?: string } {
  const [, port] = /^[ \t]*(?:export[ \t]+)?PORT\s*=\s*["']?(\d+)/m.exec(readTextFile(file)) ?? [];
  return port === undefined ? {} : { PORT: port };
}

/** The modules that read `.env`. */
const readers = /^(?:dotenv(?:x|-|\/|$)|@nestjs\/config$|@dotenvx\/)/;

/** Whether the app, its framework or Node reads the `.env` of the current folder. */
export function readsEnvFile(
  files: readonly SourceFile[],
  framework: Framework | undefined,
  nodeArguments: readonly string[],
): boolean {
  return (
    framework === "next" ||
    nodeArguments.some(
      (word) => word.startsWith("--env-file") || readers.test(word.replace(/^--(?:require|import)=/, "")),
    ) ||
    files.some(
      ({ imports, text }) => imports.some((name) => readers.test(name)) || /\bloadEnvFile\b/.test(text),
    )
  );
}

function notesOfNode({ path, version, origin }: FoundNode): string[] {
  const isOld = version !== undefined && !/^(?:20\.(?:19|[2-9]\d)|2[2-9]|[3-9]\d)/.test(version);
  return [
    ...(isOld ? [`Node ${version} is too old for sockact, which needs 20.19, 22 or later.`] : []),
    ...(["nvm", "fnm", "volta", "asdf", "mise"].includes(origin)
      ? [
          `Node comes from ${origin}: ${path}. The service must be able to reach it, and each new version has another path.`,
        ]
      : []),
    ...(origin === "snap"
      ? ["Node is a snap, which systemd can't start in a sandbox. Install it from a package."]
      : []),
  ];
}
