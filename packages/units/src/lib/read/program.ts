import { argument, executable, item } from "../write/escape.ts";
import { member, notAList, refusing, shown, type Refusal, type UnitProblem } from "./problems.ts";
import { prefixed, said, sample } from "../specifier.ts";
import { entriesByName, isObject, objectOf } from "./fields.ts";
import { durationOrInfinity, each, flagged, refusedPath, textOf, type Read } from "./readers.ts";

/** What systemd or libsystemd sets; Environment= would win over it, and the service would not find its sockets. */
export const ofSystemd: RegExp =
  /^(?:LISTEN_(?:PID|FDS|FDNAMES|PIDFDID)|NOTIFY_SOCKET|WATCHDOG_(?:PID|USEC))$/;

/** What fields of the description set, and which; by them it is known how long a stop takes, and whether the service sleeps. */
const ofFields = {
  SOCKACT_DRAIN_TIMEOUT: "write drainTimeout: '30s' in the description",
  SOCKACT_IDLE_TIMEOUT: "write idleTimeout: '5min' in the description",
  SOCKACT_IDLE_EXIT_STATUS: "leave it out: it is written for Node, and with idleTimeout",
};

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

/** ExecStart= and its kin: systemd.service(5) reads its first word by other rules than the rest. */
export const exec: Read = (value, path, problems) => {
  if (!Array.isArray(value) || value.length === 0) {
    problems.push({
      path,
      ...notAList(value),
      hint: "write the program's absolute path, then its arguments: ['/usr/bin/node', 'server.js']",
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
    else if (Object.hasOwn(ofFields, name)) {
      refuse(`${name} is set by the fields of the description`, ofFields[name as keyof typeof ofFields]);
    }
    if (variable === false) {
      if (!addedVariables.includes(name)) {
        refuse("false leaves out a variable, and this one is not added", "leave it out, or write 'false'");
      }
      return [];
    }
    return item(prefixed(`${name}=`, textOf(variable, at, problems) ?? ""));
  });
};

/** Environment=: one variable of sockact that holds a duration, which needs a unit there. */
export function durationVariable(name: keyof typeof ofFields): Read {
  return (value, path, problems) =>
    durationOrInfinity(value, path, problems).map((text) => item(`${name}=${text === "0" ? "0s" : text}`));
}
