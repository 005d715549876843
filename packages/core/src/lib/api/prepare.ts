import { type ActivationResult } from "../activation/activation.ts";
import { readActivation } from "../activation/read.ts";
// A primary of node:cluster may have no other use of us, and has to import it before its first fork().
import "../cluster/primary.ts";
import { notActivated } from "../shared/errors.ts";
import { type AppOptions, type CheckedOptions, readOptions } from "./options.ts";

/** All that is known before a server listens: the options, and what was passed to this process. */
export interface Preparation extends CheckedOptions {
  activation: ActivationResult;
}

/**
 * Reads the options and the environment, once for each app.
 *
 * @throws ActivationError `ERR_OPTION`; `ERR_NOT_ACTIVATED` when `required`; what activatedSockets() throws
 */
export function prepare(options: AppOptions): Preparation {
  const checked = readOptions(options);
  const activation = readActivation(options.trustParent);
  if (!activation.activated && options.required === true) throw notActivated(activation.reason);
  return { ...checked, activation };
}
