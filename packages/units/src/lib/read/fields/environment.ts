import { member, refusing, shown, type Refusal } from "../../problems.ts";
import { entriesByName, isObject, objectOf } from "./fields.ts";
import { report, textOf, type Read } from "../values/readers.ts";
import { systemdVariables } from "../../systemd/variables.ts";
import { sampleText, withPrefix } from "../../systemd/specifiers.ts";
import { listItem } from "../../systemd/escaping.ts";
import { nodeOptionWords } from "../../node/command-line.ts";
import { durationOf } from "@sockact/shared/durations";
import { durationOrInfinity } from "../values/durations.ts";

/** Variables that fields of the description set. Other lines depend on these fields. */
const ofFields = {
  SOCKACT_DRAIN_TIMEOUT: "write drainTimeout: '30s' in the description",
  SOCKACT_IDLE_TIMEOUT: "write idleTimeout: '5min' in the description",
  SOCKACT_IDLE_EXIT_STATUS: "leave it out: it is added for Node, and with idleTimeout",
  SOCKACT_HANDOVER: "write handover: true in the description",
  SOCKACT_HANDOVER_TIMEOUT: "write handoverTimeout: '60s' in the description",
  SOCKACT_HEALTH: "write health: '/healthz' in the description",
  SOCKACT_PROXY_PROTOCOL: "write proxyProtocol: { from: ['10.0.0.1'] } in the socket",
  SOCKACT_RELOAD_RESULT: "write handover: true in the description, which adds it",
};

/**
 * With these variables, Node opens a channel to a parent process. cluster and child_process set them for
 * child processes.
 */
const ofNode = /^NODE_(?:CHANNEL_FD|CHANNEL_SERIALIZATION_MODE|UNIQUE_ID)$/;

/** Options that Node does not accept in NODE_OPTIONS. */
const onCommandLineAlone =
  /^(?:-(?:c|e|h|i|p|pe|v)|--(?:check|eval|help|interactive|print|run|test|version))(?:=|$)/;

/** Why NODE_OPTIONS can't contain these options, or `undefined`. */
function refusedOptions(text: string): Refusal | undefined {
  const words = nodeOptionWords(text);
  if (words === undefined)
    return refusedVariable("Node does not start, because a double quote in it is not closed", "close it");
  const watching = words.find((word) => /^--watch(?:-path)?(?:=|$)/.test(word));
  if (watching !== undefined) {
    return refusedVariable(
      `with ${watching} Node runs the app as a child process, which cannot use a socket from systemd`,
      "remove it: it is for development",
    );
  }
  const misplaced = words.find((word) => onCommandLineAlone.test(word));
  return misplaced === undefined
    ? undefined
    : refusedVariable(`Node does not start with ${misplaced} in NODE_OPTIONS`, "remove it");
}

export const refusedVariable: (message: string, hint: string) => Refusal =
  refusing("SOCKACT_ERR_UNIT_VARIABLE");

export const namesVariable: RegExp = /^[A-Za-z_]\w*$/;

/** Variables that are added by default. */
const addedVariables = ["HOME", "HOST", "HOSTNAME", "NODE_ENV", "PORT"];

/** Whether the description sets a variable, or omits it with `false`. */
export function setsVariable(
  { environment: variables, passEnvironment: passed }: Record<string, unknown>,
  name: string,
): boolean {
  return (
    (isObject(variables) && Object.hasOwn(variables, name)) ||
    (Array.isArray(passed) && passed.includes(name))
  );
}

/** Environment=: one line for each variable. */
export const environment: Read = (value, path, problems) => {
  const variables =
    objectOf(value, path, "write names and values: { NODE_ENV: 'production' }", problems) ?? {};
  return entriesByName(variables).flatMap(([name, variable]) => {
    const at = member(path, name);
    const reportVariable = (message: string, hint: string) =>
      problems.push({ path: at, ...refusedVariable(message, hint) });
    if (!namesVariable.test(name)) {
      reportVariable(
        `${shown(name)} is not the name of a variable`,
        "ASCII letters, digits and _, with no digit first",
      );
    } else if (systemdVariables.test(name)) reportVariable(`systemd sets ${name} itself`, "remove it");
    else if (ofNode.test(name)) {
      reportVariable(`${name} makes Node look for a parent process, but this service has none`, "remove it");
    } else if (Object.hasOwn(ofFields, name)) {
      reportVariable(`the fields of the description set ${name}`, ofFields[name as keyof typeof ofFields]);
    }
    if (variable === false) {
      if (!addedVariables.includes(name)) {
        reportVariable(
          "false omits a variable that is added by default, but this one is not added",
          "leave it out, or write 'false'",
        );
      }
      return [];
    }
    const text = textOf(variable, at, problems) ?? "";
    const refusal = name === "NODE_OPTIONS" ? refusedOptions(sampleText(text)) : undefined;
    if (refusal !== undefined) problems.push({ path: at, ...refusal });
    return listItem(withPrefix(`${name}=`, text));
  });
};

/** A sockact variable with a duration, which needs a unit. */
export function durationVariable(name: keyof typeof ofFields): Read {
  return (value, path, problems) =>
    durationOrInfinity(value, path, problems).map((text) =>
      listItem(`${name}=${text === "0" ? "0s" : text}`),
    );
}

/** Reads `false` as `no`, which overrides the code of the app. */
export function orNo(name: keyof typeof ofFields, read: Read): Read {
  return (value, path, problems) => (value === false ? [`${name}=no`] : read(value, path, problems));
}

/** A sockact variable with a duration above 0 that is not infinite. */
export function limitVariable(name: keyof typeof ofFields, hint: string): Read {
  return (value, path, problems) =>
    [0, Infinity].includes(durationOf(value) ?? 1)
      ? report("SOCKACT_ERR_UNIT_DURATION", path, problems, `${shown(value)} is not a time limit`, hint)
      : durationVariable(name)(value, path, problems);
}
