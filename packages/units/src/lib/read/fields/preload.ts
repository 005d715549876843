import { isListenPlace } from "../../node/register.ts";
import { isNode } from "../../node/runtime.ts";
import { conflictsIn, member, refusing, shown, type Refusal, type UnitProblem } from "../../problems.ts";
import { listItem, unquotedValue } from "../../systemd/escaping.ts";
import { isSpecifier, sampleText, sourceText, type Text } from "../../systemd/specifiers.ts";
import { asked, type Line } from "../../write/lines.ts";
import { refusedPath } from "../values/paths.ts";
import { refuse as report, textOf } from "../values/readers.ts";
import { appFolder } from "./app-folder.ts";
import { setsVariable } from "./environment.ts";
import { entriesByName, isObject, objectOf } from "./fields.ts";
import type { AddedOption } from "./node-options.ts";

/** What a description's `preload` adds to its service. */
export interface Preload {
  /** The file, wherever it is. */
  file: Text | undefined;
  /** Where the description names it, if it does. */
  field: string | undefined;
  /** Arguments of Node itself, where Node is the program. */
  arguments: readonly Text[];
  /** The same where something else starts Node: a script, or the image of a container. */
  options: readonly AddedOption[];
  /** Which `listen()` of the app gets which socket. */
  map: readonly Line[];
}

/** Where npm puts the preload, in the folder of the app. */
const installed = "node_modules/@sockact/register/dist/index.cjs";

const howToFind = `write what \`node -p "require.resolve('@sockact/register')"\` prints in the folder of the app`;

const refusedFile = refusing("ERR_UNIT_PATH");

/** Why Node could not load this file, whichever folder it runs in. */
function refusedPreload(path: string): Refusal | undefined {
  const refusal = refusedPath(path);
  if (refusal !== undefined)
    return path.startsWith("/")
      ? refusal
      : refusedFile(
          "not an absolute path: a child process that runs in another folder would not find it, and Node would not start",
          `write true for the package in the app's own node_modules, or ${howToFind}`,
        );
  if (/\.mjs$|\/@sockact\/register\/dist\/index\.js$/.test(path))
    return refusedFile(
      "an ES module, which Node 20 cannot load with --require",
      `write '${path.replace(/\.m?js$/, ".cjs")}'`,
    );
  return /\.c?js$/.test(path)
    ? undefined
    : refusedFile(
        "not the path of a .cjs or .js file",
        /\/@sockact\/register\/?$/.test(path)
          ? `write '${path.replace(/\/$/, "")}/dist/index.cjs'`
          : howToFind,
      );
}

/** The folder of the app, as far as the description tells; `undefined` once the problem is reported. */
function folderOf(description: Record<string, unknown>, problems: UnitProblem[]): Text | undefined {
  const { workingDirectory, exec, container } = description;
  if (typeof workingDirectory === "string" || isSpecifier(workingDirectory)) return workingDirectory;
  const isKnown = workingDirectory === undefined && container === undefined && isNode(exec);
  const folder = isKnown ? appFolder(exec as readonly unknown[]) : undefined;
  if (folder !== undefined) return { specifier: folder };
  // Of a value of another type a problem is reported where it is read.
  if (workingDirectory === undefined || workingDirectory === false) {
    report(
      "ERR_UNIT_MISSING",
      "preload",
      problems,
      `true stands for ${installed} in the app's folder, which nothing in the description tells`,
      container === undefined
        ? `write workingDirectory: '/srv/shop' too; or ${howToFind}`
        : "write workingDirectory with the folder of the app in the image, or the path of the preload in the image",
    );
  }
  return undefined;
}

/** The file of the package in the folder of the app. */
function installedFile(description: Record<string, unknown>, problems: UnitProblem[]): Text | undefined {
  const folder = folderOf(description, problems);
  if (folder === undefined) return undefined;
  return { specifier: `${unquotedValue(folder).replace(/\/+$/, "")}/${installed}` };
}

/** The names of the sockets of a description. */
function socketNames({ sockets }: Record<string, unknown>): string[] {
  return (Array.isArray(sockets) ? sockets : []).flatMap((socket: unknown) =>
    isObject(socket) && typeof socket["name"] === "string" ? [socket["name"]] : [],
  );
}

/** SOCKACT_MAP=: an entry for each place, or several where several sockets are meant. */
function mapLines(value: unknown, description: Record<string, unknown>, problems: UnitProblem[]): Line[] {
  const path = "preload.map";
  const map = objectOf(
    value,
    path,
    "write the name of a socket by the app's port: { 3000: 'http' }",
    problems,
  );
  if (map === undefined) return [];
  const refuse = conflictsIn(problems);
  const { sockets, bind = "socket" } = description;
  if (bind !== "socket")
    refuse(path, `with bind: ${shown(bind)} the program is passed no socket`, "leave it out");
  if (setsVariable(description, "SOCKACT_MAP"))
    refuse(path, "SOCKACT_MAP is set in the description too", "leave out one of them");
  if (Array.isArray(sockets) && sockets.some((socket) => isObject(socket) && socket["accept"] === true))
    refuse(path, "with accept, the service gets one connection, which has no name of yours", "leave it out");
  const names = socketNames(description);
  const entries = entriesByName(map).flatMap(([place, given]) => {
    const at = member(path, place);
    if (!isListenPlace(place)) {
      report(
        "ERR_UNIT_ADDRESS",
        at,
        problems,
        `${shown(place)}: not a port or path on which an app listens`,
        "write a port such as 3000, '127.0.0.1:3000', '/run/app.sock' or '@abstract', without a comma in it",
      );
    }
    return (Array.isArray(given) ? given : [given]).map((name: unknown) => {
      if (typeof name !== "string" || !names.includes(name)) {
        report(
          typeof name === "string" ? "ERR_UNIT_CHOICE" : "ERR_UNIT_TYPE",
          at,
          problems,
          `${shown(name)} is not the name of a socket`,
          names.length === 0
            ? "write name: 'http' in the socket, and 'http' here"
            : `one of ${names.join(", ")}`,
        );
      } else if (/[,=]/.test(name)) {
        report(
          "ERR_UNIT_NAME",
          at,
          problems,
          `${shown(name)}: SOCKACT_MAP cannot have , or = in a name`,
          "rename the socket",
        );
      }
      return `${place}=${String(name)}`;
    });
  });
  if (entries.length === 0)
    report("ERR_UNIT_MISSING", path, problems, "it is empty", "leave it out, or write { 3000: 'http' }");
  return asked("Environment", [listItem(`SOCKACT_MAP=${entries.join(",")}`)]);
}

/** Reads `preload`. */
export function readPreload(description: Record<string, unknown>, problems: UnitProblem[]): Preload {
  const { preload, exec, container } = description;
  const none: Preload = { file: undefined, field: undefined, arguments: [], options: [], map: [] };
  if (preload === undefined || preload === false) return none;
  const hasPath = isObject(preload) && !isSpecifier(preload);
  const { path = true, map, ...others } = hasPath ? preload : { path: preload };
  const at = hasPath ? "preload.path" : "preload";
  for (const key of Object.keys(others)) {
    problems.push({
      code: "ERR_UNIT_FIELD",
      path: member("preload", key),
      message: `${shown(key)} is not a field`,
      hint: "the fields are path, map",
    });
  }
  const own = path === true ? installedFile(description, problems) : fileOf(path, at, problems);
  const lines = map === undefined ? [] : mapLines(map, description, problems);
  if (own === undefined) return { ...none, map: lines };
  const isProgram = container === undefined && isNode(exec);
  return {
    file: own,
    field: path === true ? undefined : at,
    arguments: isProgram ? ["--require", own] : [],
    options: isProgram
      ? []
      : [
          {
            field: "preload",
            option: { specifier: `--require=${unquotedValue(own)}` },
            reason: "Node loads it before the app, and it gives the sockets to the app's own listen().",
          },
        ],
    map: lines,
  };
}

/** The file that a description names. */
function fileOf(value: unknown, path: string, problems: UnitProblem[]): Text | undefined {
  if (typeof value !== "string" && !isSpecifier(value)) {
    report(
      "ERR_UNIT_TYPE",
      path,
      problems,
      `${shown(value)} is not a path`,
      `write true, or the absolute path of the preload: '/srv/shop/${installed}'`,
    );
    return undefined;
  }
  const text = textOf(value, path, problems);
  const refusal = text === undefined ? undefined : refusedPreload(sampleText(text));
  if (refusal === undefined) return text;
  report(refusal.code, path, problems, `${shown(sourceText(value))}: ${refusal.message}`, refusal.hint);
  return undefined;
}
