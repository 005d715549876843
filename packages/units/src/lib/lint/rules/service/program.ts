import { shown } from "../../../problems.ts";
import { valueOf, valuesOf, type Setting } from "../../../parse/load.ts";
import { commandsOf } from "../../../parse/words.ts";
import type { Fix, Rule } from "../../findings/finding.ts";
import { isWithoutProgram } from "../../../node/command-line.ts";
import { keepsProcess } from "../../subjects/program.ts";
import { restartPolicy } from "../../subjects/restarts.ts";
import type { ServiceSubject } from "../../subjects/subjects.ts";
import { inService, isActivatedNode, isAppServer, listeners, nodeOptionsOf } from "./settings.ts";
import { headerOf } from "../../findings/edits.ts";

/** Words that only a shell understands. */
const shellSyntax =
  /^(?:\d*(?:>>?|<<?<?)(?:&\d|\/.*)?|&>>?.*|&&?|\|\|?)$|^\$\(|`[^`]+`|^~\/|^[^\s:=]*\*\.[cm]?[jt]s$|(?<!\$)\$\{\w+[^\w}]/;

const itself = ["the program itself in ", { ExecStart: "" }] as const;
const node = [{ ExecStart: "/usr/bin/node" }, " with the app's file"] as const;

/** What to write instead of a tool that runs the app as a child process. */
function insteadOf(launcher: string): Fix {
  if (launcher === "setsid") return [...itself, ": systemd starts it in a session of its own"];
  if (launcher === "timeout") return [{ RuntimeMaxSec: "" }, ", and ", ...itself];
  if (launcher === "flock") return "flock --no-fork, which execs the program";
  if (launcher === "unshare") return ["PrivateMounts= and similar directives, and ", ...itself];
  if (launcher === "uv") return "the program itself, such as .venv/bin/gunicorn below the app's folder";
  if (launcher === "go") return "the program that `go build` creates";
  if (/^(?:docker-compose|podman-compose)$/.test(launcher))
    return "podman run, which passes the sockets on, or a proxy in front of the container";
  if (launcher === "docker")
    return "podman, which passes the sockets on, or a proxy in front of the container";
  if (launcher === "deno") return "deno run with the app's file";
  if (
    /^(?:strace|ltrace|tini|dumb-init|xvfb-run|script|screen|tmux|systemd-run|start-stop-daemon|supervisord|foreman|honcho|overmind)$/.test(
      launcher,
    )
  )
    return itself;
  if (/^(?:sudo|su|runuser)$/.test(launcher)) return [{ User: "" }, " with the account, and ", ...itself];
  if (/^(?:dotenvx?|cross-env(?:-shell)?)$/.test(launcher))
    return [{ EnvironmentFile: "" }, " or ", { Environment: "" }, " with the variables, and ", ...itself];
  if (/^(?:doppler|infisical|op)$/.test(launcher))
    return ["a file with the secrets in LoadCredential= or ", { EnvironmentFile: "" }, ", and ", ...itself];
  if (launcher === "tsx") return [{ ExecStart: "/usr/bin/node --import tsx" }, " with the app's file"];
  if (launcher.startsWith("node ")) return [...node, ", without that option"];
  if (/^(?:fnm|volta)$/.test(launcher))
    return "the path of Node itself, which `node -p process.execPath` prints, and the app's file";
  return [...node, ", which the start script in package.json names"];
}

/** A path and an argument. Folder names may also have spaces. */
const isCommandLine =
  /^\/\S+\s+(?:-{1,2}[a-z]|\/)|^\/(?:\S*\/)?(?:node|nodejs|deno|bun|python[\d.]*|ruby|perl|php|java|(?:ba|da|z)?sh)\s+\S+\.\w+(?:\s|$)/i;

/** The directives for commands other than the program. */
const otherCommands = [
  "ExecCondition",
  "ExecStartPre",
  "ExecStartPost",
  "ExecReload",
  "ExecStop",
  "ExecStopPost",
] as const;

/**
 * Whether a word begins with a variable that systemd expands. systemd expands `$NAME` only as a whole word.
 */
const isVariable = (word: string, signs: string): boolean =>
  !signs.includes(":") && /^\$(?:\{\w+\}|\w+$)/.test(word);

export type ProgramCode =
  | "exec-missing"
  | "exec-several"
  | "exec-relative"
  | "exec-quoted"
  | "exec-launcher"
  | "exec-shell"
  | "exec-syntax"
  | "exec-prefix"
  | "script-relative"
  | "exec-env"
  | "permission-net"
  | "type-unfit";

/** What a service runs. */
export const programRules: Readonly<Record<ProgramCode, Rule<ServiceSubject>>> = {
  "exec-missing": {
    severity: "error",
    why: "systemd refuses a service without a program. Node without a file to run exits at once.",
    man: "systemd.service(5)",
    find: ({ unit, program }) => {
      if (program?.node !== undefined && isWithoutProgram(program.node) && !inService(unit, "StandardInput"))
        return [
          {
            at: program.setting,
            message: "Node has no file to run",
            fix: "the app's file after it",
            inDescription: {
              fix: "write the app's file after it: ['/usr/bin/node', '/srv/shop/server.js']",
            },
          },
        ];
      return valuesOf(unit, "Service", "ExecStart").length > 0 ||
        inService(unit, "Type")?.value === "oneshot" ||
        valueOf(unit, "Unit", "SuccessAction") !== undefined
        ? []
        : [
            {
              at: headerOf(unit, "Service"),
              message: "ExecStart= is missing",
              fix: "ExecStart= with the program's absolute path",
            },
          ];
    },
  },
  "exec-several": {
    severity: "error",
    why: "systemd refuses a service with several programs, unless it has Type=oneshot. A drop-in that replaces the program needs an empty ExecStart= first.",
    man: "systemd.service(5)",
    find: ({ unit }) => {
      if (inService(unit, "Type")?.value === "oneshot") return [];
      const settings = valuesOf(unit, "Service", "ExecStart");
      const setting = settings.at(-1);
      const commands = settings.flatMap(({ value }) => commandsOf(value, unit.name).commands);
      return setting === undefined || commands.length < 2
        ? []
        : [
            {
              at: setting,
              message: `there are ${commands.length} programs`,
              fix: "an empty ExecStart= on the line before the last one",
            },
          ];
    },
  },
  "exec-relative": {
    severity: "warning",
    why: "systemd searches a few folders, such as /usr/local/bin and /usr/bin, for a program without a path. It may find another program than your shell does, or none.",
    man: "systemd.service(5)",
    find: ({ unit, program }) => {
      if (program?.isNode !== true) return [];
      const found = (at: Setting, path: string, fix: string) =>
        path.startsWith("/") ? [] : [{ at, message: `${path} has no path`, fix }];
      const { path } = program.command;
      return [
        ...(program.launcher === undefined
          ? found(program.setting, path, `what \`command -v ${path}\` prints`)
          : []),
        ...otherCommands
          .flatMap((key) => valuesOf(unit, "Service", key))
          .flatMap((setting) =>
            commandsOf(setting.value, unit.name).commands.flatMap((command) =>
              // In a shell, `command -v kill` prints the name of the shell builtin.
              found(setting, command.path, `its absolute path, such as /usr/bin/${command.path}`),
            ),
          ),
      ];
    },
  },
  "exec-quoted": {
    severity: "error",
    why: "Quotes keep a path with spaces together. systemd uses everything between them as the path of the program, and finds no such file (status=203/EXEC).",
    man: "systemd.service(5)",
    find: ({ program }) =>
      program !== undefined && program.command.argv.length === 1 && isCommandLine.test(program.command.path)
        ? [
            {
              at: program.setting,
              message: `the whole command line is in quotes`,
              fix: [{ ExecStart: program.command.path }],
              inDescription: {
                fix: "write each word separately, as in exec: ['/usr/bin/node', '/srv/shop/server.js']",
              },
            },
          ]
        : [],
  },
  "exec-launcher": {
    severity: "error",
    why: "systemd passes the sockets only to the process that it starts, so the app gets none. The app may not get SIGTERM in time either.",
    man: "systemd.exec(5)",
    find: (service) => {
      const { program } = service;
      if (program?.launcher === undefined || listeners(service).length === 0) return [];
      return [
        {
          at: program.setting,
          message: `${program.launcher} runs the app as a child process`,
          fix: insteadOf(program.launcher),
        },
      ];
    },
  },
  "exec-shell": {
    severity: "warning",
    why: "systemd passes the sockets to the process that it starts, which is the shell. Many shells run even the last command as a child process.",
    man: "systemd.exec(5)",
    find: (service) => {
      const { program } = service;
      if (!isActivatedNode(service) || program?.script === undefined || program.launcher !== undefined)
        return [];
      return keepsProcess(program)
        ? []
        : [
            {
              at: program.setting,
              message: `${program.name} runs the app, perhaps as a child process`,
              fix: ["node itself in ", { ExecStart: "" }, ", or `exec node …` in the shell"],
            },
          ];
    },
  },
  "exec-syntax": {
    severity: "warning",
    why: "systemd runs the program without a shell. It does not interpret redirections, &&, pipes, $(…), ${NAME:-default}, ~ or *: your program gets such a word as an argument.",
    man: "systemd.service(5)",
    find: ({ program }) => {
      if (program === undefined || program.script !== undefined) return [];
      const word = program.words.slice(1).find((one) => shellSyntax.test(one));
      return word === undefined
        ? []
        : [
            {
              at: program.setting,
              message: `${shown(word)} is an argument of ${program.name}`,
              fix: /[<>]/.test(word)
                ? [{ StandardOutput: "append:/path" }, ", ", { StandardError: "" }, " or StandardInput="]
                : "the expanded words, or /bin/sh -c '…' with exec before the program",
            },
          ];
    },
  },
  "exec-prefix": {
    severity: "info",
    why: "The prefix !! is for kernels before 4.3, which have no ambient capabilities. systemd 258 and later ignore it.",
    man: "systemd.service(5)",
    find: ({ program }) =>
      program === undefined || !program.command.signs.includes("!!")
        ? []
        : [{ at: program.setting, message: "!! is before the program", fix: "remove it" }],
  },
  "script-relative": {
    severity: "error",
    why: "Without WorkingDirectory=, systemd starts a service in /. Node looks for the file there, does not find it, and exits.",
    man: "systemd.exec(5)",
    find: ({ unit, program, user }) => {
      if (
        program?.node === undefined ||
        program.launcher !== undefined ||
        user ||
        ["WorkingDirectory", "RootDirectory"].some((key) => inService(unit, key) !== undefined)
      )
        return [];
      const { script, preloads } = program.node;
      const file = [script, ...preloads].find(
        (one) => one !== undefined && !/^[/%]|^\w+:/.test(one) && !isVariable(one, program.command.signs),
      );
      return file === undefined
        ? []
        : [
            {
              at: program.setting,
              message: `${shown(file)} is relative, and WorkingDirectory= is missing`,
              fix: [{ WorkingDirectory: "" }, " with the folder of your app, or the file's absolute path"],
            },
          ];
    },
  },
  "exec-env": {
    severity: "info",
    why: "env searches the PATH of systemd, which does not contain the folders of nvm or Volta.",
    man: "systemd.exec(5)",
    find: ({ program, environment }) =>
      program === undefined ||
      !program.command.path.endsWith("/env") ||
      !program.isNode ||
      program.launcher !== undefined ||
      program.words[0]!.startsWith("/") ||
      environment.has("PATH")
        ? []
        : [
            {
              at: program.setting,
              message: `env looks for ${program.name}`,
              fix: "Node's own path, as `command -v node` prints it",
            },
          ],
  },
  "permission-net": {
    severity: "info",
    why: "With --permission and without --allow-net, a server cannot listen in Node 26, and your app gets the error SOCKACT_ERR_PERMISSION. Node 24 and older do not have this option.",
    man: "node(1)",
    find: (service) => {
      const { program } = service;
      const options = nodeOptionsOf(service).map(({ option }) => option);
      return program === undefined ||
        !isActivatedNode(service) ||
        !options.includes("--permission") ||
        options.includes("--allow-net")
        ? []
        : [
            {
              at: program.setting,
              message: "--permission without --allow-net",
              fix: "--allow-net after --permission, if this is Node 26",
            },
          ];
    },
  },
  "type-unfit": {
    severity: "error",
    why: "Node does not move to the background, and a server does not exit by itself. systemd waits for that, and the start times out. systemd does not load a service with Type=oneshot and Restart=always.",
    man: "systemd.service(5)",
    find: (service) => {
      const setting = inService(service.unit, "Type");
      const isRefused =
        setting?.value === "oneshot" && /^(?:always|on-success)$/.test(restartPolicy(service.unit));
      return setting === undefined ||
        !/^(?:forking|oneshot)$/.test(setting.value) ||
        // gunicorn may be configured to move to the background.
        !(
          isActivatedNode(service) ||
          isRefused ||
          (setting.value === "oneshot" && isAppServer(service) && listeners(service).length > 0)
        )
        ? []
        : [
            {
              at: setting,
              message: `Type=${setting.value} with ${isRefused ? `Restart=${restartPolicy(service.unit)}` : "a server"}`,
              fix: "Type=exec, or Type=notify if the app reports when it is ready",
            },
          ];
    },
  },
};
