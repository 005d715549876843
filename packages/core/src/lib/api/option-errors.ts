// What is wrong with the options of a call. Only a start that fails loads this code: features.json.
import { nearest } from "@sockact/shared/nearest";
import { optionError } from "../shared/environment-options.ts";
import type { ActivationError } from "../shared/errors.ts";
import { shown } from "../shared/shown.ts";
import { otherNameOf, placeOf } from "./misplaced-option.ts";
import { shapeOf } from "./option-shapes.ts";

const SOCKETS_EXAMPLE = "Write sockets: { http: {}, https: { tls: { key, cert } } }, for example.";

/** The error for options that are not an object, or that are not the last argument. */
export function argumentsError(options: unknown, more: readonly unknown[], hint: string): ActivationError {
  return optionError(
    more.length > 0 && typeof options === "object" && options !== null
      ? `The options must be the last argument; got another one after them: ${shown(more[0])}`
      : `The options must be an object; got ${shown(options)}`,
    hint,
  );
}

/**
 * The error for options that the function does not have.
 *
 * @param omitted the options that other functions have, and why this one does not
 */
export function unknownError(
  unknown: readonly string[],
  known: readonly string[],
  omitted: Readonly<Record<string, string>>,
): ActivationError {
  const hints = unknown.flatMap(
    (name) => omitted[name] ?? (meantBy(name, known) === undefined ? [] : "Correct the option."),
  );
  return optionError(
    unknown.map((name) => `unknown option ${name}${meantBy(name, known) ?? ""}`).join("; "),
    hints.length === unknown.length ? (hints[0] as string) : optionsAre(known),
  );
}

/** Suggests a name for an unknown option, or returns undefined. */
function meantBy(name: string, known: readonly string[]): string | undefined {
  const place = placeOf(name);
  if (place !== undefined) return `: it belongs in ${place}`;
  const meant = otherNameOf(name) ?? nearest(name, known);
  return meant && `: did you mean ${meant}?`;
}

export function booleanError(option: string, value: unknown, known: readonly string[]): ActivationError {
  return optionError(`The option ${option} must be true or false; got ${shown(value)}`, optionsAre(known));
}

function optionsAre(known: readonly string[]): string {
  return `The options are ${known.join(", ")}.`;
}

export function nameError(names: unknown): ActivationError {
  return optionError(
    `The option name must be a string or a list of strings; got ${shown(names)}`,
    "Write name: 'http', for example. It is the FileDescriptorName= of the socket.",
  );
}

export function nameBesideSocketsError(): ActivationError {
  return optionError(
    "The options name and sockets can't be used together: both say which sockets to claim",
    "Leave name out.",
  );
}

export function socketsError(sockets: unknown): ActivationError {
  return optionError(
    `The option sockets must be an object with a key for each socket; got ${shapeOf(sockets)}`,
    SOCKETS_EXAMPLE,
  );
}

export function socketError(name: string, options: unknown): ActivationError {
  return optionError(
    `The option sockets.${name} must be {}, or an object with tls, proxyProtocol or both; got ${shapeOf(options)}`,
    SOCKETS_EXAMPLE,
  );
}
