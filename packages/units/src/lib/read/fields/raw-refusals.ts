import type { Section } from "../../write/lines.ts";
import { systemdVariables } from "../../systemd/variables.ts";
import { sameName } from "../../systemd/aliases.ts";

/** Why a directive can't be written, as a continuation of its name, and what to write instead. */
interface RawRefusal {
  why: string;
  instead: string;
}

interface Rule extends RawRefusal {
  keys: string;
  /** The section, if it is only one. */
  section?: Section["name"];
  /** The invalid values. */
  values?: RegExp;
}

const leaveOut = "leave it out";
const yes = /^(?:1|y|yes|t|true|on)$/i;

/**
 * Directives that would override a line of emitUnits, or that have a field. The linter checks everything
 * else.
 */
const rules: readonly Rule[] = [
  {
    keys: "Service Sockets Also",
    why: "is written by emitUnits",
    instead: "leave it out: emitUnits writes it for the sockets of the description",
  },
  {
    keys: "StartLimitInterval StartLimitBurst StartLimitAction",
    why: "is written by emitUnits",
    instead: "leave it out: at a start limit, the socket fails",
  },
  {
    keys: "StartLimitIntervalSec",
    section: "Service",
    why: "is written by emitUnits",
    instead: "leave it out: at a start limit, the socket fails",
  },
  {
    keys: "TriggerLimitBurst",
    why: "has no effect, because TriggerLimitIntervalSec=0 is written",
    instead: "leave it out, or write pollLimitBurst",
  },
  {
    keys: "TimeoutSec",
    section: "Service",
    why: "sets TimeoutStartSec= and TimeoutStopSec=, which have their own fields",
    instead: "write timeoutStartSec, timeoutStopSec, or both",
  },
  ...["FailureAction", "RebootArgument"].map((keys): Rule => ({
    keys,
    section: "Service",
    why: "belongs in [Unit]",
    instead: `write raw: { Unit: { ${keys}: … } }`,
  })),
  {
    keys: "PIDFile GuessMainPID BusName",
    why: "is for a Type= that the service cannot have",
    instead: "leave it out: the program stays in the foreground, and its process is the main one",
  },
  {
    keys: "RefuseManualStart",
    values: yes,
    why: "prevents systemctl from starting and restarting the unit",
    instead: leaveOut,
  },
  {
    keys: "RestartForceExitStatus",
    values: /(?:^|\s)0(?:\s|$)/,
    why: "would start the service again after a successful exit",
    instead: "remove 0, or write restart: 'always'",
  },
  {
    keys: "StandardInput",
    values: /^socket$/,
    why: "passes the connection as standard input, and no socket as a file descriptor",
    instead: "write inetd: true, and accept: true in the socket",
  },
  {
    keys: "PermissionsStartOnly",
    values: yes,
    why: "removes the other commands from the sandbox",
    instead:
      "write privileged: true in a command: execStartPre: [{ command: ['/bin/sh'], privileged: true }]",
  },
];

/** The variables in a value of UnsetEnvironment=. */
export function unsetVariables(value: string): string[] {
  return value
    .split(/\s+/)
    .map((word) => word.replace(/^["']|["']$/g, "").replace(/=.*/, ""))
    .filter((name) => name !== "");
}

/** Why a directive can't be written with these values, or `undefined`. */
export function refusedInRaw(
  section: Section["name"],
  key: string,
  values: readonly string[],
): RawRefusal | undefined {
  if (sameName(key, "UnsetEnvironment")) {
    const needed = values
      .flatMap(unsetVariables)
      .find((name) => systemdVariables.test(name) || name.startsWith("SOCKACT_"));
    return needed === undefined
      ? undefined
      : { why: `would remove ${needed}, which the program needs`, instead: "remove it" };
  }
  return rules.find(
    (rule) =>
      rule.keys.split(" ").some((name) => sameName(name, key)) &&
      (rule.section ?? section) === section &&
      (rule.values === undefined || values.some((value) => rule.values!.test(value))),
  );
}

/** Directives that override another one, with the field of the other one in `hardening`. */
export const overridingDirectives: Readonly<Record<string, { key: string; field: string }>> = {
  IPCNamespacePath: { key: "PrivateIPC", field: "privateIPC" },
  NetworkNamespacePath: { key: "PrivateNetwork", field: "privateNetwork" },
  UserNamespacePath: { key: "PrivateUsers", field: "privateUsers" },
};
