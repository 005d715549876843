import { valueOf, valuesOf } from "../../parse/load.ts";
import { commandsOf } from "../../parse/words.ts";
import { headerOf, replaced, type Rule } from "../finding.ts";
import type { ServiceSubject } from "../subjects.ts";
import { inService, isActivatedNode } from "./settings.ts";

/** The codes of these rules. */
export type ProgramCode =
  | "exec-missing"
  | "exec-several"
  | "exec-relative"
  | "exec-launcher"
  | "exec-shell"
  | "exec-env"
  | "type-unfit";

/** What a service runs. */
export const programRules: Readonly<Record<ProgramCode, Rule<ServiceSubject>>> = {
  "exec-missing": {
    severity: "error",
    why: "systemd refuses a service without a program.",
    man: "systemd.service(5)",
    find: ({ unit }) =>
      valuesOf(unit, "Service", "ExecStart").length > 0 ||
      inService(unit, "Type")?.value === "oneshot" ||
      valueOf(unit, "Unit", "SuccessAction") !== undefined
        ? []
        : [
            {
              at: headerOf(unit, "Service"),
              message: "ExecStart= is missing",
              fix: "ExecStart= with the program's absolute path",
            },
          ],
  },
  "exec-several": {
    severity: "error",
    why: "systemd refuses several programs but for Type=oneshot. A drop-in that is to replace the program begins with an empty ExecStart=.",
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
              fix: "an empty ExecStart= on the line before the one that is meant",
            },
          ];
    },
  },
  "exec-relative": {
    severity: "warning",
    why: "systemd looks in folders of its own, /usr/local/bin and /usr/bin among them: it may find another program than a shell does, or none.",
    man: "systemd.service(5)",
    find: ({ program }) =>
      program?.isNode !== true || program.launcher !== undefined || program.command.path.startsWith("/")
        ? []
        : [
            {
              at: program.setting,
              message: `${program.command.path} has no path`,
              fix: `what \`command -v ${program.command.path}\` prints`,
            },
          ],
  },
  "exec-launcher": {
    severity: "error",
    why: "A package manager, or a tool such as nodemon or pm2, runs the app as a child, which gets no sockets; nor does the app hear of SIGTERM in time.",
    man: "systemd.exec(5)",
    find: (service) =>
      !isActivatedNode(service) || service.program?.launcher === undefined
        ? []
        : [
            {
              at: service.program.setting,
              message: `${service.program.launcher} stands before the app`,
              fix: "ExecStart=/usr/bin/node with the app's file, which the start script in package.json names",
            },
          ],
  },
  "exec-shell": {
    severity: "warning",
    why: "The sockets are for the process that systemd starts, and that is the shell; many run the last command, too, as a child.",
    man: "systemd.exec(5)",
    find: (service) => {
      const { program } = service;
      if (!isActivatedNode(service) || program?.script === undefined || program.launcher !== undefined)
        return [];
      return /\bexec\s/.test(program.script)
        ? []
        : [
            {
              at: program.setting,
              message: `${program.name} stands before the app`,
              fix: "node itself in ExecStart=, or `exec node …` in the shell",
            },
          ];
    },
  },
  "exec-env": {
    severity: "info",
    why: "env looks along a PATH of systemd's, which has neither nvm's nor Volta's folders.",
    man: "systemd.exec(5)",
    find: ({ program, environment }) =>
      program === undefined ||
      !program.command.path.endsWith("/env") ||
      !program.isNode ||
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
  "type-unfit": {
    severity: "error",
    why: "Node does not fork away, and does not end after its work: the start never ends, and times out or holds up others.",
    man: "systemd.service(5)",
    find: (service) => {
      const setting = inService(service.unit, "Type");
      return setting === undefined ||
        !/^(?:forking|oneshot)$/.test(setting.value) ||
        !isActivatedNode(service)
        ? []
        : [
            {
              at: setting,
              message: `Type=${setting.value} with a server`,
              fix: "Type=exec, or Type=notify if it says when it is ready",
              edits: [replaced(setting, "exec")],
            },
          ];
    },
  },
};
