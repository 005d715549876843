import process from "node:process";
import type { PassedSocket } from "../activation/passed-socket.ts";
import { optionError, VARIABLES } from "../shared/environment-options.ts";
import { howToSet } from "../shared/how-to-set.ts";
import { ActivationError } from "../shared/errors.ts";
import { type ProxyRules, readSenders, TIMEOUT } from "./senders.ts";

const VARIABLE = VARIABLES.proxyProtocol;

/** Any client may send a header. */
const ANYBODY = "*";

const hint = (): string =>
  `${howToSet(VARIABLE, "web:10.0.0.1,10.1.0.0/16")}. "web" is the FileDescriptorName= of the socket.`;

/**
 * The rules for PROXY headers, by socket name. The variable sets who may send a header, and the option the
 * time limit.
 *
 * @param optionOf the rules of the option for the sockets with a name
 * @throws ActivationError `SOCKACT_ERR_OPTION` if the variable is malformed
 */
export function proxyRulesOf(
  optionOf: (name: string) => ProxyRules | undefined,
): (name: string) => ProxyRules | undefined {
  const variable = readProxyVariable();
  return (name) => {
    const isTrusted = variable.get(name);
    const option = optionOf(name);
    return isTrusted === undefined ? option : { timeout: option?.timeout ?? TIMEOUT, isTrusted };
  };
}

/** The clients in the variable that may send a PROXY header, by socket name. Empty if it is not set. */
function readProxyVariable(): ReadonlyMap<string, ProxyRules["isTrusted"]> {
  const entries = new Map<string, ProxyRules["isTrusted"]>();
  for (const entry of (process.env[VARIABLE] ?? "").split(/\s+/).filter(Boolean)) {
    // Addresses may have colons, but names do not.
    const [, name, from] = /^([^:]+):(.+)$/.exec(entry) ?? [];
    if (name === undefined || from === undefined)
      throw optionError(
        `${VARIABLE} must be entries such as web:10.0.0.1, with spaces between them; got ${JSON.stringify(entry)}`,
        hint(),
      );
    if (entries.has(name))
      throw optionError(`${VARIABLE} has two entries for ${name}`, "Join them: NAME:10.0.0.1,10.0.0.2.");
    entries.set(
      name,
      from === ANYBODY ? () => true : readSenders(from.split(","), `${name} in ${VARIABLE}`, hint()),
    );
  }
  return entries;
}

/**
 * Checks that a socket was passed for each entry of the variable.
 *
 * @param names the names of the passed sockets
 * @throws ActivationError `SOCKACT_ERR_NAME_UNKNOWN`, `SOCKACT_ERR_OPTION`
 */
export function checkProxyNames(names: readonly string[]): void {
  const unknown = [...readProxyVariable().keys()].filter((name) => !names.includes(name));
  if (unknown.length === 0) return;
  throw new ActivationError(
    "SOCKACT_ERR_NAME_UNKNOWN",
    `${VARIABLE} names ${unknown.join(", ")}, but no socket of that name was passed. Passed: ${names.join(", ")}`,
    "Use the name from FileDescriptorName= in the socket unit. Without that line, it is the name of the socket unit, such as app.socket.",
  );
}

/**
 * Throws if the variable names a socket that goes to code without PROXY header support.
 *
 * @param isMeant whether the entry of the variable is for this socket. Others may have the same name.
 * @param call the call that asks for the socket
 * @throws ActivationError `SOCKACT_ERR_OPTION`
 */
export function refuseProxied({ name }: PassedSocket, isMeant: () => boolean, call: string): void {
  if (!readProxyVariable().has(name) || !isMeant()) return;
  throw optionError(
    `${VARIABLE} names the socket ${name}, but ${call} reads no PROXY header`,
    `Remove ${name} from ${VARIABLE}. Or serve a stream socket with listen() from @sockact/core.`,
  );
}
