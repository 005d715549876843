import { argument, executable, item } from "../../systemd/escaping.ts";
import { member, notAList, refusing, shown, type Refusal, type UnitProblem } from "../../problems.ts";
import { prefixed, said, sample } from "../../systemd/specifiers.ts";
import { entriesByName, isObject, objectOf } from "./fields.ts";
import { nodeCommand } from "../../node/command-line.ts";
import { isNode, runsNothing } from "../../node/program.ts";
import { durationOrInfinity, each, flagged, refusedPath, textOf, type Read } from "../values/readers.ts";

/** What systemd or libsystemd sets; Environment= would win over it, and the service would not find its sockets. */
export const ofSystemd: RegExp =
  /^(?:LISTEN_(?:PID|FDS|FDNAMES|PIDFDID)|NOTIFY_SOCKET|WATCHDOG_(?:PID|USEC))$/;

/** What fields of the description set, and which; by them it is known how long a stop takes, and whether the service sleeps. */
const ofFields = {
  SOCKACT_DRAIN_TIMEOUT: "write drainTimeout: '30s' in the description",
  SOCKACT_IDLE_TIMEOUT: "write idleTimeout: '5min' in the description",
  SOCKACT_IDLE_EXIT_STATUS: "leave it out: it is written for Node, and with idleTimeout",
};

/** By these Node takes a file descriptor for the channel to a parent process; cluster and child_process set them for their children. */
const ofNode = /^NODE_(?:CHANNEL_FD|CHANNEL_SERIALIZATION_MODE|UNIQUE_ID)$/;

/** Options with which Node does not start if NODE_OPTIONS has them. */
const onCommandLineAlone =
  /^(?:-(?:c|e|h|i|p|pe|v)|--(?:check|eval|help|interactive|print|run|test|version))(?:=|$)/;

/** Why NODE_OPTIONS cannot have these options, or `undefined`. */
function refusedOptions(text: string): Refusal | undefined {
  const words = text.split(/\s+/);
  const watching = words.find((word) => /^--watch(?:-path)?(?:=|$)/.test(word));
  if (watching !== undefined) {
    return refusedVariable(
      `with ${watching} Node runs the app as a child process, which takes no socket from systemd`,
      "take it out: it is for development",
    );
  }
  const misplaced = words.find((word) => onCommandLineAlone.test(word));
  return misplaced === undefined
    ? undefined
    : refusedVariable(`Node does not start with ${misplaced} in NODE_OPTIONS`, "take it out");
}

const refusedProgram = refusing("ERR_UNIT_PATH");
const refusedVariable = refusing("ERR_UNIT_VARIABLE");

function refusedExecutable(path: string): Refusal | undefined {
  if (!path.startsWith("/")) {
    return refusedProgram(
      "not an absolute path",
      "systemd has a search path of its own, which may find another program or none: write what `command -v` prints",
    );
  }
  if (/["'\\\p{Control}]/u.test(path)) {
    return refusedProgram(
      "a quote, a backslash or a control character is in it",
      "systemd cannot run such a path: rename it",
    );
  }
  if (path.endsWith("/")) return refusedProgram("it names a folder", "write the path of the program");
  return refusedPath(path);
}

const namesVariable = /^[A-Za-z_]\w*$/;

function isVariable(word: unknown): word is { variable: unknown } {
  return isObject(word) && Object.keys(word).join() === "variable";
}

/** An argument that systemd takes from the service's environment, whole and as one. */
function variableText(word: { variable: unknown }, path: string, problems: UnitProblem[]): string {
  if (typeof word.variable === "string" && namesVariable.test(word.variable)) return `\${${word.variable}}`;
  problems.push({
    path: `${path}.variable`,
    ...refusedVariable(
      `${shown(word.variable)} is not the name of a variable`,
      "ASCII letters, digits and _, with no digit first",
    ),
  });
  return "";
}

/** A command line that was given as one string as the array to write, or an example of one. */
function asArray(line: unknown): string {
  const words = typeof line === "string" && /^\/[^"'\\]*$/.test(line) ? line.trim().split(/\s+/) : [];
  const { script } = nodeCommand(words);
  const complete = isNode(words)
    ? words.map((word) => (word === script && !word.startsWith("/") ? `/srv/shop/${word}` : word))
    : words;
  const example = ["/usr/bin/node", "/srv/shop/server.js"];
  const shownWords = complete.length > 0 && !runsNothing(complete) ? complete : example;
  return `[${shownWords.map((word) => `'${word}'`).join(", ")}]`;
}

/** ExecStart= and its kin: systemd.service(5) reads its first word by other rules than the rest. */
export const exec: Read = (value, path, problems) => {
  if (!Array.isArray(value) || value.length === 0) {
    problems.push({
      path,
      ...notAList(value),
      hint: `write the program's absolute path, then its arguments: ${asArray(value)}`,
    });
    return [];
  }
  const words = Array.from(value, (word: unknown, index) => {
    const at = `${path}[${index}]`;
    if (index > 0 && isVariable(word)) return variableText(word, at, problems);
    const text = textOf(word, at, problems);
    if (text === undefined) return "";
    if (index > 0) return argument(text);
    const refusal = refusedExecutable(sample(text));
    if (refusal !== undefined)
      problems.push({ ...refusal, path: at, message: `${shown(said(text))}: ${refusal.message}` });
    return executable(text);
  });
  return [words.join(" ")];
};

/** Commands that run besides the program, in their order, a line each. */
export const commands: Read = each(flagged("command", { mayFail: "-", privileged: "+" }, exec));

/** Exec= and PodmanArgs= of podman-systemd.unit(5), which drops an empty word and all after it, and quotes no `;`. */
export const containerExec: Read = (value, path, problems) => {
  if (!Array.isArray(value)) {
    problems.push({ path, ...notAList(value), hint: "write an array of arguments: ['node', 'server.js']" });
    return [];
  }
  const words = Array.from(value, (word: unknown, index) => {
    const at = `${path}[${index}]`;
    const text = textOf(word, at, problems);
    if (text === "" || text === ";") {
      problems.push({
        path: at,
        code: "ERR_UNIT_TEXT",
        message: `${shown(text)}: a .container file has no way to say it`,
        hint: "put the command line into a script in the image",
      });
    }
    return argument(text ?? "");
  });
  return words.length > 0 ? [words.join(" ")] : [];
};

/** Variables that are added where a description does not set them. `false` leaves one out. */
const addedVariables = ["HOME", "HOST", "HOSTNAME", "NODE_ENV", "PORT"];

/** Whether the description says what a variable is, or that there is none, so that none is to be added. */
export function setsVariable(
  { environment: variables, passEnvironment: passed }: Record<string, unknown>,
  name: string,
): boolean {
  return (
    (isObject(variables) && Object.hasOwn(variables, name)) ||
    (Array.isArray(passed) && passed.includes(name))
  );
}

/** Environment=: a line for each variable. */
export const environment: Read = (value, path, problems) => {
  const variables =
    objectOf(value, path, "write names and values: { NODE_ENV: 'production' }", problems) ?? {};
  return entriesByName(variables).flatMap(([name, variable]) => {
    const at = member(path, name);
    const refuse = (message: string, hint: string) =>
      problems.push({ path: at, ...refusedVariable(message, hint) });
    if (!namesVariable.test(name)) {
      refuse(
        `${shown(name)} is not the name of a variable`,
        "ASCII letters, digits and _, with no digit first",
      );
    } else if (ofSystemd.test(name)) refuse(`${name} is set by systemd`, "leave it out");
    else if (ofNode.test(name)) {
      refuse(`${name} makes Node look for a parent process, and this service has none`, "leave it out");
    } else if (Object.hasOwn(ofFields, name)) {
      refuse(`${name} is set by the fields of the description`, ofFields[name as keyof typeof ofFields]);
    }
    if (variable === false) {
      if (!addedVariables.includes(name)) {
        refuse("false leaves out a variable, and this one is not added", "leave it out, or write 'false'");
      }
      return [];
    }
    const text = textOf(variable, at, problems) ?? "";
    const refusal = name === "NODE_OPTIONS" ? refusedOptions(sample(text)) : undefined;
    if (refusal !== undefined) problems.push({ path: at, ...refusal });
    return item(prefixed(`${name}=`, text));
  });
};

/** Environment=: one variable of sockact that holds a duration, which needs a unit there. */
export function durationVariable(name: keyof typeof ofFields): Read {
  return (value, path, problems) =>
    durationOrInfinity(value, path, problems).map((text) => item(`${name}=${text === "0" ? "0s" : text}`));
}
