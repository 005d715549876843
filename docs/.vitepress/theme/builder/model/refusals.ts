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

/** Phrases of `emitUnits` about fields of a description, and what a reader of the form can do instead. */
const phrases: readonly (readonly [phrase: RegExp | string, instead: string])[] = [
  [/\. If you want the units as they are, .*$/, ""],
  ["write bind: 'socket'", "let systemd pass the sockets"],
  ["write bind: 'proxy'", "choose a proxy"],
  ["; or write bindIPv6Only: 'ipv6-only' beside an IPv4 address", ""],
  ["leave one out", "remove one of the two"],
  ["; for the template itself leave out the @ and write template: true", ""],
  [/leave user out, or name (.*) such as user: 'shop'/, "leave it empty, or write $1 such as shop"],
  ["; if every user can read that folder, write hardening: { protectHome: 'read-only' }", ""],
  ["set a user and hardening: 'none'", "write a user, and choose no sandbox"],
  [/write the program itself: .*/, "write the path of Node itself"],
  [/write exec: \[[^\]]*\] with/, "write the path of Node, such as /usr/bin/node, with"],
  [/^\S+ with ListenStream=\d+, or hardening: .*$/, "let systemd pass the sockets, or choose a capability"],
  [/set user to the owner of the folder, .*/, "write the owner of the folder into “User”"],
  [/whole bytes above 0 as a number, or a string: .*/, "write an amount such as 512M or 2G"],
  ["the fields of the description set", "the form, or a config for sockact, sets"],
  [/write idleTimeout: .* in the description/, "fill in “Sleep after”, and remove the line"],
  [
    /write handover: true in the description(?:, which adds it)?/,
    "turn the handover on, and remove the line",
  ],
  [": it is added for Node, and with idleTimeout", ": sockact adds it"],
  [
    /write (\w+): .* in the (?:description|socket)/,
    "remove the line. In a config for sockact, the field $1 sets it",
  ],
  [
    /write standardOutput: .*/,
    "remove the redirection. The journal contains what the app prints: journalctl --unit shows it",
  ],
];

/** Rewrites a message or a hint of `emitUnits` for readers of the form, who can't write fields of a description. */
function inForm(text: string, field: string): string {
  const rewritten = phrases.reduce((before, [phrase, instead]) => before.replace(phrase, instead), text);
  return rewritten
    .replace(/sockets\[(\d+)\](?:\.\w+)?/g, (_, index: string) => `socket ${Number(index) + 1}`)
    .replaceAll(
      "leave it out",
      field === "handover"
        ? "turn it off"
        : /^(?:sockets|environment$)/.test(field)
          ? "remove it"
          : "leave it empty",
    );
}

/** A refusal of `emitUnits` as a problem of the form. */
export function problemInForm(
  { path, code, message: said, hint }: UnitProblem,
  state: BuilderState,
): FieldProblem {
  // ExecStart= has two of these characters for one.
  const message = path === "exec" ? said.replaceAll("$$", "$").replaceAll("%%", "%") : said;
  const field = fieldOf({ path, message }, state);
  return {
    field,
    code,
    message: inForm(message, field),
    hint: inForm(hint, field).replace(/'([\w./-]+)'/g, "$1"),
  };
}
