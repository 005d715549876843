import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { packageFolder } from "../../app/manifest.ts";
import type { Diagnosis } from "../model/diagnosis.ts";
import { addLines } from "../fixes/commands.ts";
import { ofCrash } from "../model/consequences.ts";
import { type AppError, appError } from "../facts/app-error.ts";
import { program } from "../facts/program.ts";
import { quoted } from "../facts/service-run.ts";
import { IMPORTED_FROM, MODULE_NOT_FOUND, REQUIRE_STACK } from "../../printed/node.ts";

/** A package is not installed, or a file of the app is missing. */
export const moduleMissing: Diagnosis = {
  code: "module-missing",
  severity: "error",
  title: "Node does not find a module of the app",
  why: "Packages or files that the app needs are missing on this machine.",
  looksAt: "`Cannot find module` and `Cannot find package` in the output of Node.",
  remedy: "Run `npm ci` in the folder of the app, build the app, or correct the path.",
  explains: [...ofCrash, "script-relative"],
  async find(subject) {
    const error = await subject.get(appError);
    const [, kind, name] = MODULE_NOT_FOUND.exec(error?.message ?? "") ?? [];
    if (error === undefined || kind === undefined || name === undefined) return [];
    const from = importerOf(error);
    const about = { unit: subject.service, evidence: quoted(error.lines) };
    const { host, service } = subject;
    const relative = (await subject.get(program))?.words.find((word) => word === name.slice(1));
    if (relative !== undefined)
      return [
        {
          ...about,
          message: `There is no ${name}: ${relative} is a relative path, and a service without WorkingDirectory= starts in /.`,
          fix: `Write the folder that has ${relative} into the unit, in place of /the/folder/of/your/app.`,
          copy: addLines(host, service, "WorkingDirectory=/the/folder/of/your/app"),
        },
      ];
    if (/^[./]|^file:/.test(name)) {
      const path = name.startsWith("file:") ? fileURLToPath(name) : name;
      const better = [".js", ".mjs", ".cjs", "/index.js"]
        .map((end) => path + end)
        .find((each) => existsSync(each));
      return [
        {
          ...about,
          message: `There is no ${path}${from === undefined ? "" : `, which ${from} imports`}.`,
          fix:
            better === undefined
              ? "Correct the path. Or build the app, if the file comes from a build."
              : `An import needs the whole name of the file: ${better} exists.`,
          copy: [],
        },
      ];
    }
    const folder = from === undefined ? undefined : packageFolder(dirname(from));
    return [
      {
        ...about,
        message: `The package ${name} is not installed${folder === undefined ? "" : ` in ${folder}`}.`,
        fix: "Install the packages of the app. With --omit=dev, a package that runs on the server must be in dependencies.",
        copy: [`cd ${folder ?? "FOLDER"} && npm ci --omit=dev`],
      },
    ];
  },
};

/** The file that imports the module. */
function importerOf({ message, block }: AppError): string | undefined {
  const imported = IMPORTED_FROM.exec(message)?.[1];
  if (imported !== undefined && imported !== "/") return imported;
  const at = block.findIndex((line) => REQUIRE_STACK.test(line.message.trim()));
  return at === -1 ? undefined : /^- (\/.+)$/.exec(block[at + 1]?.message.trim() ?? "")?.[1];
}
