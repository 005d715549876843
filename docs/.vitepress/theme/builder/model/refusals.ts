import type { UnitProblem } from "@sockact/units";
import { isNodeApp } from "./description.ts";
import type { FieldProblem } from "./problems.ts";
import type { BuilderState } from "./state.ts";
import { splitWords } from "./words.ts";

/** For each field of the description, the form field that it comes from. */
const fields: Readonly<Record<string, string>> = {
  name: "app",
  user: "user",
  hardening: "hardening",
  environment: "environment",
  environmentFile: "environmentFile",
  readWritePaths: "folder",
  memoryMax: "memory",
  idleTimeout: "idle",
  watchdogSec: "watchdog",
  openFile: "watchdog",
  notifyAccess: "watchdog",
  handover: "handover",
  bind: "bind",
  backend: "backend",
  systemd: "systemd",
  preload: "framework",
  sockets: "sockets",
};

/** For each field of a socket in the description, the form field that it comes from. */
const socketFields: Readonly<Record<string, string>> = {
  name: "name",
  socketMode: "mode",
  socketUser: "owner",
  socketGroup: "group",
};

/** The form field for a problem with the whole command line: the field whose words appear in the message. */
function fieldOfCommand(message: string, state: BuilderState): string {
  const named = message.split(/[\s"]+/).map((word) => word.replace(/[.,:;]$/, ""));
  const script = state.script.trim();
  // A message may contain only the beginning of a long path. A path with spaces is more than one word.
  const isUnusual = script.length > 60 || /[^\w/.-]/.test(script);
  const isScript = named.includes(script) || (isUnusual && message.includes(script.slice(0, 60)));
  if (isNodeApp(state) && isScript) return "script";
  const isArgument = splitWords(state.arguments)?.some(
    (word) => named.includes(word) || message.includes(`"${word}"`),
  );
  return isArgument === true ? "arguments" : "runtime";
}

/** The form field for a problem with the description. */
function fieldOf({ path, message }: Pick<UnitProblem, "path" | "message">, state: BuilderState): string {
  const [, socket, inside = ""] = /^(sockets\[\d+\])(?:\.(\w+))?/.exec(path) ?? [];
  if (socket !== undefined && state.bind === "host") return "app";
  if (socket !== undefined) return `${socket}.${socketFields[inside] ?? "listen"}`;
  const [, word] = /^exec\[(\d+)\]/.exec(path) ?? [];
  if (word !== undefined) {
    const script = isNodeApp(state) ? 1 : 0;
    return word === "0" ? "runtime" : Number(word) <= script ? "script" : "arguments";
  }
  if (path === "exec") return fieldOfCommand(message, state);
  if (path.startsWith("credentials")) return path.includes("key") ? "privateKey" : "certificate";
  if (path === "type") return state.watchdog.trim() === "" ? "systemd" : "watchdog";
  const [top = ""] = /^\w+/.exec(path) ?? [];
  return fields[top] ?? (isNodeApp(state) ? "script" : "runtime");
}

const ownAccount = "leave it empty, or write an account that only this service has, such as shop";
const ownPort = "write a port from 1024, or let systemd pass the sockets, or choose a capability";
const program =
  "write the path of the program itself. For an app that runs on Node, that is the path of Node";

/**
 * What a reader of the form can do, by the kind of problem, or by the field and the kind. Other hints name no
 * field of a description.
 */
const hints: Readonly<Record<string, string>> = {
  "app NAME": "write a name such as shop, which no unit of the system has, with letters, digits and . _ -",
  "app user-shared": "choose another name, or write an account into “User”",
  "arguments handover-impossible": "add --allow-child-process after it, or turn the handover off",
  "certificate VERSION": "choose a newer version of systemd",
  "folder CONFLICT": "write the owner of the folder into “User”",
  "framework CONFLICT": "choose a proxy, or write the path of Node",
  "framework MISSING": "write the absolute path of the app's file",
  "framework PATH": "write the absolute path of the app's file",
  "handover CONFLICT": "turn it off",
  "idle CONFLICT": "leave it empty, or let systemd pass the sockets",
  "idle VERSION": "leave it empty: the proxy and the service then keep running",
  "listen CONFLICT": "remove it, or let systemd pass the sockets",
  "memory NUMBER": "write an amount such as 512M or 2G",
  "memory limit-low": "leave it empty, or write an amount such as 512M",
  "mode socket-closed": "write 0660",
  "privateKey VERSION": "choose a newer version of systemd",
  "runtime CONFLICT": "install Node outside of homes, or write the account that owns the home into “User”",
  "script CONFLICT": "move the app to /srv or /opt, or write the account that owns the home into “User”",
  "watchdog limit-low": "leave it empty, or write a time such as 30s",
  "address-conflict": "remove one of the two",
  "exec-launcher": program,
  "exec-missing": "write the path of the app's file",
  "exec-quoted": "write the arguments into their own field",
  "exec-shell": program,
  "exec-syntax":
    "remove it: systemd runs no shell. The journal contains what the app prints: journalctl --unit shows it",
  "notify-wrapped": program,
  "port-privileged": ownPort,
  "script-relative": "write the file's absolute path",
  "standard-input-missing": program,
  "user-nobody": ownAccount,
  "user-root": ownAccount,
};

/** What a reader can do about a variable that a field of the form, or of a config, sets. */
const ofFields: Readonly<Record<string, string>> = {
  SOCKACT_HANDOVER: "turn the handover on, and remove the line",
  SOCKACT_IDLE_EXIT_STATUS: "remove it: sockact adds it",
  SOCKACT_IDLE_TIMEOUT: "fill in “Sleep after”, and remove the line",
  SOCKACT_RELOAD_RESULT: "turn the handover on, and remove the line",
  ...Object.fromEntries(
    Object.entries({
      SOCKACT_DRAIN_TIMEOUT: "drainTimeout",
      SOCKACT_HANDOVER_TIMEOUT: "handoverTimeout",
      SOCKACT_HEALTH: "health",
      SOCKACT_PROXY_PROTOCOL: "proxyProtocol",
    }).map(([name, field]) => [name, `remove the line. In a config for sockact, the field ${field} sets it`]),
  ),
};

/** What is wrong, and what a reader of the form, who can't write fields of a description, can do. */
function saidInForm({ path, code, finding, message, hint }: UnitProblem, field: string) {
  const kind = finding ?? code.replace("SOCKACT_ERR_UNIT_", "");
  const [, variable = ""] = /^environment\.(\w+)$/.exec(path) ?? [];
  if (kind === "VARIABLE" && Object.hasOwn(ofFields, variable))
    return {
      message: `the form, or a config for sockact, sets ${variable}`,
      hint: ofFields[variable]!,
    };
  const own = hints[`${field.replace(/^.*\./, "")} ${kind}`] ?? hints[kind];
  return { message, hint: own ?? hint.replace(/'([\w./-]+)'/g, "$1") };
}

/** A refusal of `emitUnits` as a problem of the form. */
export function problemInForm(problem: UnitProblem, state: BuilderState): FieldProblem {
  const { path, code } = problem;
  // ExecStart= has two of these characters for one.
  const message =
    path === "exec" ? problem.message.replaceAll("$$", "$").replaceAll("%%", "%") : problem.message;
  const field = fieldOf({ path, message }, state);
  const said = saidInForm({ ...problem, message }, field);
  const named = (text: string) =>
    text.replace(/sockets\[(\d+)\](?:\.\w+)?/g, (_, index: string) => `socket ${Number(index) + 1}`);
  return { field, code, message: named(said.message), hint: named(said.hint) };
}
