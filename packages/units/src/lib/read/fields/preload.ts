import { isNode, launcherOfCommand } from "../../node/runtime.ts";
import { member, refusing, shown, type Refusal, type UnitProblem } from "../../problems.ts";
import { unquotedValue } from "../../systemd/escaping.ts";
import { isSpecifier, sampleText, sourceText, type Text } from "../../systemd/specifiers.ts";
import type { Line } from "../../write/lines.ts";
import { refusedPath } from "../values/paths.ts";
import { report, textOf } from "../values/readers.ts";
import { appFolder } from "./app-folder.ts";
import { isObject } from "./fields.ts";
import type { AddedOption } from "./node-options.ts";
import { mapLines } from "./preload-map.ts";

/** The lines that `preload` adds to the service. */
export interface Preload {
  /** The file of the preload. */
  file: Text | undefined;
  /** The field that names it, if any. */
  field: string | undefined;
  /** Arguments for Node itself, if Node is the program. */
  arguments: readonly Text[];
  /** Arguments in NODE_OPTIONS, if a script or a container image starts Node. */
  options: readonly AddedOption[];
  /** Which `listen()` of the app gets which socket. */
  map: readonly Line[];
}

/** The npm path of the preload in the app's folder. */
const installed = "node_modules/@sockact/register/dist/index.cjs";

const howToFind = `write what \`node -p "require.resolve('@sockact/register')"\` prints in the folder of the app`;

const refusedFile = refusing("SOCKACT_ERR_UNIT_PATH");

/** Why Node can't load this file from any folder. */
function refusedPreload(path: string): Refusal | undefined {
  const refusal = refusedPath(path);
  if (refusal !== undefined)
    return path.startsWith("/")
      ? refusal
      : refusedFile(
          "not an absolute path: a child process in another folder would not find it, and Node would not start",
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

/** The app's folder, if the description shows it. `undefined` after a problem was reported. */
function folderOf(description: Record<string, unknown>, problems: UnitProblem[]): Text | undefined {
  const { workingDirectory, exec, container } = description;
  if (typeof workingDirectory === "string" || isSpecifier(workingDirectory)) return workingDirectory;
  const isKnown = workingDirectory === undefined && container === undefined && isNode(exec);
  const folder = isKnown ? appFolder(exec as readonly unknown[]) : undefined;
  if (folder !== undefined) return { specifier: folder };
  // A value of another type is reported by the reader of its field.
  if (workingDirectory === undefined || workingDirectory === false) {
    const launcher = container === undefined ? launcherOfCommand(exec) : undefined;
    const howToTell =
      launcher === undefined
        ? `write workingDirectory: '/srv/shop' too; or ${howToFind}`
        : `write exec: ['/usr/bin/node', '/srv/shop/server.js'] with the app's file: ${launcher} would run the app as a child process, which gets no socket`;
    report(
      "SOCKACT_ERR_UNIT_MISSING",
      "preload",
      problems,
      `true means ${installed} in the app's folder, and the description does not show that folder`,
      container === undefined
        ? howToTell
        : "write workingDirectory with the folder of the app in the image, or the path of the preload in the image",
    );
  }
  return undefined;
}

/** The package's file in the app's folder. */
function installedFile(description: Record<string, unknown>, problems: UnitProblem[]): Text | undefined {
  const folder = folderOf(description, problems);
  if (folder === undefined) return undefined;
  return { specifier: `${unquotedValue(folder).replace(/\/+$/, "")}/${installed}` };
}

/** Reads the field `preload`. */
export function readPreload(description: Record<string, unknown>, problems: UnitProblem[]): Preload {
  const { preload, exec, container } = description;
  const none: Preload = { file: undefined, field: undefined, arguments: [], options: [], map: [] };
  if (preload === undefined || preload === false) return none;
  const hasPath = isObject(preload) && !isSpecifier(preload);
  const { path = true, map, ...others } = hasPath ? preload : { path: preload };
  const at = hasPath ? "preload.path" : "preload";
  for (const key of Object.keys(others)) {
    problems.push({
      code: "SOCKACT_ERR_UNIT_FIELD",
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
            reason:
              "Node loads this file before the app, and the file passes the sockets to the app's own listen().",
          },
        ],
    map: lines,
  };
}

/** The file that a description names. */
function fileOf(value: unknown, path: string, problems: UnitProblem[]): Text | undefined {
  if (typeof value !== "string" && !isSpecifier(value)) {
    report(
      "SOCKACT_ERR_UNIT_TYPE",
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
