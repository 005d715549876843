import { ActivationError } from "./errors.ts";
import { LIFECYCLE_OPTIONS, type LifecycleOptions, readSettings } from "./lifecycle/options.ts";

/** All that an app can say: which sockets it takes, and how it lives with them. */
export interface AppOptions extends TakeOptions, LifecycleOptions {}

/** Which sockets an app or a server takes, and whether it has to get one. */
export interface TakeOptions {
  /** The `FileDescriptorName=` of the sockets to take; one name may stand for several. Left out: every listener not yet taken. */
  name?: string | readonly string[];
  /** Not being activated is an error (`ERR_NOT_ACTIVATED`) instead of listening as without sockact. False by default. */
  required?: boolean;
}

const KNOWN: readonly string[] = ["name", "required", ...LIFECYCLE_OPTIONS];

/**
 * Refuses what has no meaning: an option that is silently ignored would be found out in production.
 *
 * @throws ActivationError `ERR_OPTION`
 */
export function checkOptions(options: AppOptions): void {
  if (typeof options !== "object" || options === null)
    throw wrong(`options is ${String(options)}, not an object`);
  const unknown = Object.keys(options).filter((key) => !KNOWN.includes(key));
  if (unknown.length > 0) throw wrong(`There is no option ${unknown.join(", ")}`);
  const { name, required } = options;
  const names = namesOf(options);
  if (
    name !== undefined &&
    (!Array.isArray(names) || names.length === 0 || !names.every((each) => typeof each === "string"))
  ) {
    throw wrong("The option name is neither a name nor a list of names");
  }
  if (required !== undefined && typeof required !== "boolean")
    throw wrong("The option required is neither true nor false");
  readSettings(options);
}

/** The names to take; undefined for every listener that is not taken. */
export function namesOf({ name }: TakeOptions): readonly string[] | undefined {
  return typeof name === "string" ? [name] : name;
}

function wrong(message: string): ActivationError {
  return new ActivationError("ERR_OPTION", message, `The options are ${KNOWN.join(", ")}.`);
}
