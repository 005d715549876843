import { sentence } from "@sockact/shared/texts";
import { FAILED_START_STATUS } from "@sockact/shared/unavailable";
import { existsSync } from "node:fs";
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { packageFolder } from "../../app/manifest.ts";
import {
  IMPORTED_FROM,
  MODULE_NOT_FOUND,
  MODULE_SYNTAX,
  OPTION_REFUSED,
  REQUIRE_STACK,
} from "../../printed/node.ts";
import { SVELTEKIT_ONE_SOCKET } from "../../printed/programs.ts";
import { PROCESS_FAILED } from "../../printed/systemd.ts";
import { ownCommand } from "../../shared/own-command.ts";
import { type AppError, appError } from "../facts/app-output.ts";
import { quoted } from "../facts/journal.ts";
import { processes } from "../facts/processes.ts";
import { nodeBinary, nodeVersion, program } from "../facts/program.ts";
import { serviceUnit } from "../facts/units.ts";
import { serviceRun } from "../facts/runs.ts";
import { isServedBy, passedSockets } from "../facts/sockets.ts";
import { addLines, readJournal } from "../model/commands.ts";
import { type Diagnosis, type Found, ofCrash } from "../model/diagnosis.ts";

const WHY_OF_PAIR =
  "If the other instance of the pair runs, it serves the clients. Otherwise, they wait until one of the two starts.";

/** Apps that end at their start, and the programs that run them. */
export const crashes: readonly Diagnosis[] = [
  {
    // Only without another explanation.
    code: "app-crashed",
    severity: "error",
    title: "the app ended with an error",
    why: "Clients wait until the app starts without an error. With the units of sockact, systemd tries again and again. With StartLimitIntervalSec= or without Restart=, systemd gives up, and then clients are refused.",
    looksAt: "How the last run ended, and the last lines that the app printed.",
    remedy: "Correct the error that the app printed.",
    explains: ofCrash.filter((code) => code !== "app-crashed"),
    async find(subject) {
      const [run, error, service] = await subject.all(serviceRun, appError, serviceUnit);
      const { end, manager, output } = run;
      if (end === undefined || !manager.some(({ message }) => PROCESS_FAILED.test(message))) return [];
      const why = subject.service.includes("@") && { why: WHY_OF_PAIR };
      const loop = Number(service.get("NRestarts")) > 0 ? service.show("NRestarts") : [];
      const copy = [readJournal(subject)];
      if (error !== undefined)
        return {
          evidence: [...quoted(error.lines), ...loop],
          copy,
          ...why,
          ...whatToDo(error, subject.service),
        };
      const how =
        end.status === FAILED_START_STATUS
          ? "has ended before it listened"
          : end.code === "exited"
            ? `has ended with exit status ${end.status}`
            : `was killed by SIG${end.name}`;
      return {
        message: `${subject.service} ${how}.`,
        evidence: [...quoted([...output.slice(-5), end.line]), ...loop],
        fix: "Read the last lines that the app printed, or go back to the last version that worked. Then restart the service.",
        copy,
        ...why,
      };
    },
  },
  {
    code: "module-missing",
    severity: "error",
    title: "Node does not find a module of the app",
    why: "Packages or files that the app needs are missing on this machine.",
    looksAt: "`Cannot find module` and `Cannot find package` in the output of Node.",
    remedy: "Run `npm ci` in the folder of the app, build the app, or correct the path.",
    explains: [...ofCrash, "script-relative"],
    async find(subject) {
      const [error, command] = await subject.all(appError, program);
      const name = MODULE_NOT_FOUND.exec(error?.message ?? "")?.[2];
      if (error === undefined || name === undefined) return [];
      const from = importerOf(error);
      const evidence = quoted(error.lines);
      const relative = command?.words.find((word) => word === name.slice(1));
      if (relative !== undefined)
        return {
          message: `There is no ${name}: ${relative} is a relative path, and a service without WorkingDirectory= starts in /.`,
          evidence,
          fix: `Write the folder that has ${relative} into the unit, in place of /the/folder/of/your/app.`,
          copy: addLines(subject, subject.service, "WorkingDirectory=/the/folder/of/your/app"),
        };
      if (/^[./]|^file:/.test(name)) {
        const path = name.startsWith("file:") ? fileURLToPath(name) : name;
        const ends = [".js", ".mjs", ".cjs", "/index.js"];
        const better = ends.map((end) => path + end).find((file) => existsSync(file));
        return {
          message: `There is no ${path}${from === undefined ? "" : `, which ${from} imports`}.`,
          evidence,
          fix:
            better === undefined
              ? "Correct the path. Or build the app, if the file comes from a build."
              : `An import needs the whole name of the file: ${better} exists.`,
        };
      }
      const folder = from === undefined ? undefined : packageFolder(dirname(from));
      return {
        message: `The package ${name} is not installed${folder === undefined ? "" : ` in ${folder}`}.`,
        evidence,
        fix: "Install the packages of the app. With --omit=dev, a package that runs on the server must be in dependencies.",
        copy: [`cd ${folder ?? "FOLDER"} && npm ci --omit=dev`],
      };
    },
  },
  {
    code: "node-old",
    severity: "error",
    title: "Node is too old",
    why: "sockact needs Node 20.19 or later. An older Node stops with an error when it loads sockact.",
    looksAt: "The version of the Node that runs the service.",
    remedy: "Install Node 20.19 or later.",
    explains: [...ofCrash, "node-options-refused"],
    async find(subject) {
      const [version, binary] = await subject.all(nodeVersion, nodeBinary);
      if (version === undefined || isNewEnough(version)) return [];
      return {
        message: `${subject.service} runs Node ${version}, but sockact needs 20.19 or later.`,
        evidence: [{ text: `v${version}`, source: `${binary} --version` }],
        fix: "Install a newer Node for all users. If its path differs, correct the path in the unit.",
        copy: [`${subject.systemctl} edit --full ${subject.service}`],
      };
    },
  },
  {
    // Without sockact, Bun's node:http ignores the sockets.
    code: "runtime-bun",
    severity: "error",
    title: "the app runs on Bun, and does not use the sockets of systemd",
    why: "node:http of Bun and Bun.serve() can't listen on a socket that was passed. They open a random port instead, and report that they listen. With sockact, a server of node:http serves the socket, but not with every option.",
    looksAt:
      "The program of `ExecStart=` and of the main process, whether it serves the socket, and SOCKACT_ERR_BUN in the output of the app.",
    remedy:
      "Call `systemdListen()` in the app. If it does, change what the error names, or write `ExecStart=/usr/bin/node …`.",
    explains: ofCrash,
    async find(subject) {
      const [command, running, { output }, service, passed] = await subject.all(
        program,
        processes,
        serviceRun,
        serviceUnit,
        passedSockets,
      );
      const said = output.find(({ message }) => /\bSOCKACT_ERR_BUN\b/.test(message));
      const programs = [command?.path ?? "", ...running.map((each) => each.program)];
      const bun = programs.find((path) => /^bunx?$/.test(basename(path)));
      const serves = passed.some(isServedBy(running));
      if (said === undefined && (bun === undefined || serves)) return [];
      return {
        message: `${subject.service} runs on Bun, and does not use the sockets of systemd.`,
        evidence: [...(bun === undefined ? [] : [service.evidence(bun)]), ...quoted([said])],
        fix:
          said === undefined
            ? "Call systemdListen() in the app, or run it with Node."
            : "Change what the error names, or run the app with Node.",
        copy: [`${subject.systemctl} edit --full ${subject.service}`, "  ExecStart=/usr/bin/node …"],
      };
    },
  },
  {
    code: "node-options-refused",
    severity: "error",
    title: "Node refuses one of its options",
    why: "Node exits with status 9 when it gets an option that it does not know, or one that is not allowed in NODE_OPTIONS.",
    looksAt: "`is not allowed in NODE_OPTIONS` and `bad option` in the output of Node.",
    remedy: "Remove the option, or use a version of Node that has it.",
    explains: ofCrash,
    async find(subject) {
      const { end, output } = await subject.get(serviceRun);
      if (end?.code !== "exited" || end.status !== 9) return [];
      const said = output.findLast(({ message }) => OPTION_REFUSED.test(message));
      if (said === undefined) return [];
      const isVariable = said.message.includes("NODE_OPTIONS");
      const option = /(--?[\w-]+)/.exec(said.message.replace(/^.*?: /, ""))?.[1] ?? "an option";
      return {
        message: isVariable
          ? `Node does not accept ${option} in NODE_OPTIONS.`
          : `Node does not accept ${option}, which is before the app in ExecStart=.`,
        evidence: quoted([said, end.line]),
        fix: isVariable
          ? "Remove the option, or write it into ExecStart=, between node and the app. node --help lists the options that NODE_OPTIONS may have."
          : "Remove the option, or use a version of Node that has it. An option of the app must come after the app.",
        copy: [`${subject.systemctl} edit --full ${subject.service}`],
      };
    },
  },
];

function whatToDo(error: AppError, unit: string): Pick<Found, "message" | "fix"> {
  const { name, message, code } = error;
  if (name === "SyntaxError")
    return {
      message: `${unit} has ended at once: Node can't read the app. ${sentence(message)}`,
      fix: MODULE_SYNTAX.test(message)
        ? 'The file is an ES module: write "type": "module" into package.json, or name it .mjs.'
        : "Correct the line. If the file is TypeScript, build it, or run it with node --import tsx.",
    };
  if (SVELTEKIT_ONE_SOCKET.test(message))
    return {
      message: `${unit} has ended at once: the server of SvelteKit takes one descriptor, and systemd passes more.`,
      fix: "Write one socket, type: 'exec' and no preload, since SvelteKit takes the socket itself. For more than that, use its handler in a server of sockact: docs/coming-from/sveltekit.md.",
    };
  const correct = "Correct the error, or go back to the last version that worked. Then restart the service.";
  return {
    message: `${unit} has ended with an uncaught error${code === "" ? "" : `: ${code}`}.`,
    fix:
      name === "ActivationError"
        ? `The line says what to change. More: ${ownCommand("explain", code)}`
        : correct,
  };
}

/** The file that imports the module. */
function importerOf({ message, block }: AppError): string | undefined {
  const imported = IMPORTED_FROM.exec(message)?.[1];
  if (imported !== undefined && imported !== "/") return imported;
  const at = block.findIndex((line) => REQUIRE_STACK.test(line.message.trim()));
  return at === -1 ? undefined : /^- (\/.+)$/.exec(block[at + 1]?.message.trim() ?? "")?.[1];
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  // 21 and the first of 22 have no process.getBuiltinModule().
  return major === 20 ? minor >= 19 : major === 22 ? minor >= 3 : major > 22;
}
