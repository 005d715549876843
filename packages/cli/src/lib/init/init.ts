import { ownCommand, userOption } from "../shared/own-command.ts";
import { existsSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import process from "node:process";
import { isDeepStrictEqual } from "node:util";
import type { AppDescription } from "@sockact/units";
import { type AppChoices, defined, describeApp } from "../app/describe-app.ts";
import { compilerOptions } from "../app/entry.ts";
import { type DetectedApp, detectApp } from "../app/detect-app.ts";
import { readManifest } from "../app/manifest.ts";
import { isFile } from "../app/source-files.ts";
import { configNames } from "../config/find-config.ts";
import { unitsOf } from "../config/load-config.ts";
import { withHosts } from "../config/with-hosts.ts";
import { WEB_GROUP } from "../proxy/proxy.ts";
import { hasHeader, unitFolder } from "../install/install.ts";
import { inHomes, withFoldersOfHomes } from "../app/homes.ts";
import { valuesOf } from "../shared/unit-text.ts";
import { askText } from "../output/ask.ts";
import { clean } from "../shared/clean.ts";
import { print, printJson } from "../output/print.ts";
import { wrap } from "../output/wrap.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { type Invoker, invoker as findInvoker } from "../shared/invoker.ts";
import { colour, tell } from "../shared/messages.ts";
import { readTextFile } from "../shared/read-file.ts";
import { fileState, writeWhole } from "../shared/write-file.ts";
import { installedSystemd } from "../systemd/service-manager.ts";
import { type ConfigFormat, configText } from "./config-text.ts";
import { askChoices, socketForProxy } from "./questions.ts";
import { relativePaths } from "../config/resolve-paths.ts";

/** The options of `sockact init`. */
export interface InitOptions {
  choices: AppChoices;
  node?: string | undefined;
  format?: ConfigFormat | undefined;
  yes?: boolean | undefined;
  force?: boolean | undefined;
  json?: boolean | undefined;
}

/** `sockact init`. Resolves to the exit code. */
export async function init(entry: string | undefined, options: InitOptions): Promise<number> {
  const invoker = await findInvoker();
  const folder = process.cwd();
  const { node, force = false, json: isJson = false, yes: isYes = false } = options;
  let app = await detectApp({ folder, entry, node });
  const given: AppChoices = {
    ...options.choices,
    listen: options.choices.listen ?? (options.choices.host ? undefined : installedListen(app, options)),
  };
  const format = options.format ?? defaultFormat(app.folder);
  const file = join(app.folder, configName(app.folder, format));
  if (!isJson) {
    assertNoConfig(file, force);
    show(app);
    if (!isYes && entry === undefined) app = await askEntry(app, node);
  }
  const systemd = await installedSystemd();
  // The config may be for another machine.
  const canHandOver = systemd === undefined || systemd >= 253;
  const choices = isYes || isJson ? given : await askChoices(app, given, canHandOver);
  const description = await describeForConfig(app, choices, { node, systemd, invoker });
  if (isJson) {
    printJson({ found: app, description, file });
    return 0;
  }
  if (!isYes) tell("\n");
  await writeWhole(file, configText(description, format), invoker);
  print(nextSteps(app, description, file));
  return 0;
}

/** The description for the config, checked with absolute paths, as when it is read. */
async function describeForConfig(
  app: DetectedApp,
  choices: AppChoices,
  { node, systemd, invoker }: { node: string | undefined; systemd: number | undefined; invoker: Invoker },
): Promise<AppDescription> {
  const environmentFile = choices.environmentFile?.map((path) => resolve(path));
  const { name = app.name, host, listen = socketForProxy(host, name) } = choices;
  const unnamed = describeApp(app, {
    hardening: "outbound",
    ...defined(choices),
    ...defined({ listen }),
    environmentFile,
    systemd,
    uid: invoker.uid,
  });
  const plain = withNames(unnamed, host);
  const isDynamic = choices.user !== true && choices.runAs === undefined;
  const bound = isDynamic ? inHomes({ ...app, node: app.node.path }) : [];
  const described = bound.length > 0 ? withFoldersOfHomes(plain, bound) : plain;
  const units = unitsOf(described, app.folder);
  // The config may be for another machine, whose systemd may be too old for this type. With the preload, the
  // units get a type that their systemd supports.
  const { type, ...untyped } = described;
  const follows = type === "notify-reload" && isDeepStrictEqual(unitsOf(untyped, app.folder), units);
  const { systemd: _systemd, ...portable } = follows ? untyped : described;
  return relativePaths(portable, app.folder, node === undefined ? app.node.path : undefined);
}

/** The description with its host names behind the command, checked as when the config is read. */
function withNames(description: AppDescription, host: AppChoices["host"]): AppDescription {
  if (host === undefined) return description;
  const { name, exec, ...rest } = description;
  const { hosts } = withHosts({ ...description, hosts: [...host] }, WEB_GROUP, "--host");
  return { name, exec, hosts: hosts!, ...rest };
}

/**
 * The addresses of the installed service of this name, so that `sockact install` does not change them
 * unexpectedly.
 */
function installedListen(app: DetectedApp, { choices, json }: InitOptions): string[] | undefined {
  const { name = app.name, user = false } = choices;
  const unit = `${name}.socket`;
  const path = join(unitFolder({ user, root: "/" }, unit), unit);
  const text = isFile(path) ? readTextFile(path) : "";
  const listen = valuesOf(text, "ListenStream");
  if (listen.length === 0 || !hasHeader(text)) return undefined;
  if (json !== true)
    tell(`${name} is installed, and listens on ${listen.join(", ")}. This address is kept.\n\n`);
  return listen;
}

/** TypeScript if the project is compiled, and the compiler does not include the config in the app. */
function defaultFormat(folder: string): ConfigFormat {
  if (!existsSync(join(folder, "tsconfig.json"))) return "js";
  const { rootDir, hasFiles } = compilerOptions(folder);
  return hasFiles || (rootDir !== undefined && !/^\.?\/?$/.test(rootDir)) ? "ts" : "js";
}

function configName(folder: string, format: ConfigFormat): string {
  const isModule = readManifest(folder).type === "module";
  return `sockact.config.${format === "js" && !isModule ? "mjs" : format}`;
}

function assertNoConfig(file: string, force: boolean): void {
  const others = configNames.map((name) => join(dirname(file), name)).filter((path) => path !== file);
  const other = others.find((path) => existsSync(path));
  if (other === undefined && (fileState(file, "") === "new" || force)) return;
  throw new CliError(
    "SOCKACT_ERR_WRITE_EXISTS",
    `there is a config already: ${other ?? file}`,
    other === undefined
      ? "Edit it, or write a new one in its place: --force"
      : "Edit it, or remove it first.",
    { exitCode: EXIT.failed },
  );
}

/** Shows what was found, on standard error, as part of the dialog. */
function show(app: DetectedApp): void {
  const { folder, framework, entry, nodeArguments, arguments: words, port, node, notes } = app;
  const usesSockets = app.hasSockact || app.takesOneSocket;
  const rows: [string, string][] = [
    ["app", `${app.name}${framework === undefined ? "" : `, with ${framework}`}`],
    ["runs", ["node", ...nodeArguments, relative(folder, entry), ...words].join(" ")],
    ["port", port === undefined ? "not found" : String(port)],
    ["Node", `${node.version ?? "of an unknown version"}, ${node.path}`],
    [
      "sockets",
      usesSockets ? "the app uses them itself" : "the app does not call sockact: a preload passes them to it",
    ],
  ];
  const lines = rows.map(([key, value]) => `  ${colour("dim", key.padEnd(8))} ${clean(value)}`);
  const width = Math.min(process.stderr.columns || 80, 100);
  const told = notes.map((note) =>
    wrap(`- ${note}`, { indent: "  ", width }).replaceAll(/\n {2}/g, "\n    "),
  );
  tell(`${[colour("bold", `Found in ${folder}:`), ...lines, ...told].join("\n")}\n\n`);
}

async function askEntry(app: DetectedApp, node: string | undefined): Promise<DetectedApp> {
  const found = relative(app.folder, app.entry);
  const chosen = await askText({
    message: "Which file starts the app?",
    option: "--yes",
    initial: found,
    validate: (answer) => (existsSync(join(app.folder, answer)) ? undefined : "This file does not exist."),
  });
  return chosen === found ? app : detectApp({ folder: app.folder, entry: chosen, node });
}

function nextSteps(
  { folder, hasSockact, takesOneSocket }: DetectedApp,
  { preload, manager, type, handover }: AppDescription,
  file: string,
): string {
  const needsTypes = !existsSync(join(folder, "node_modules/@sockact/units"));
  const steps: [string, string][] = [
    ...(preload === undefined && !hasSockact && !takesOneSocket
      ? [["npm install @sockact/core", "and add its line to the app"] as [string, string]]
      : []),
    ...(needsTypes
      ? [["npm install --save-dev @sockact/units", "types for your editor"] as [string, string]]
      : []),
    [ownCommand("units"), "look at the units"],
    [ownCommand("install", ...userOption(manager === "user")), "install and start them"],
  ];
  const width = Math.max(...steps.map(([command]) => command.length));
  const lines = steps.map(([command, why]) => `  ${command.padEnd(width)}  # ${why}\n`);
  const later =
    hasSockact && type === undefined && handover !== true
      ? `\nIs the config for systemd 253 or later? Then add type: "notify-reload" to it.\nsystemd waits until the app is ready then, and can reload it.\n`
      : "";
  return `Wrote ${file}\n\nNext:\n${lines.join("")}${later}`;
}
