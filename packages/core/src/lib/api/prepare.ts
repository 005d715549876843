import { type ActivationResult } from "../activation/activation.ts";
import { readActivation } from "../activation/read.ts";
// A primary of node:cluster may use nothing else of sockact, and needs this before its first fork().
import "./share-with-workers.ts";
import "../lifecycle/watch-start.ts";
import { checkProxyNames } from "../proxy-protocol/variable.ts";
import { isVariableSet } from "../shared/environment-options.ts";
import { notActivated } from "../shared/errors.ts";
import { isBun, isDeno } from "../shared/runtime.ts";
import { checkRuntime } from "../shared/runtime-errors.ts";
import { loadFeatures } from "./load-features.ts";
import { type AppOptions, type Call, type CheckedOptions, readOptions } from "./options.ts";

/** What is known before a server listens: the options and the passed sockets. */
export interface Preparation<T> extends CheckedOptions<T> {
  activation: ActivationResult;
}

/**
 * Reads the options and the environment of one app.
 *
 * @param call the function that has the options, and in `more` the arguments after them
 * @throws ActivationError `SOCKACT_ERR_OPTION`; `SOCKACT_ERR_NOT_ACTIVATED` if `required` is set;
 *   `SOCKACT_ERR_TOO_MANY_FILES` and `SOCKACT_ERR_FILES_REPLACED` if a file of sockact can't be loaded;
 *   `SOCKACT_ERR_NAME_UNKNOWN` if SOCKACT_PROXY_PROTOCOL has a name that no passed socket has; the errors of
 *   activatedSockets()
 */
export function prepare<T extends AppOptions>(
  options: T,
  call?: Call,
  more?: readonly unknown[],
): Preparation<T> {
  const checked = readOptions(options, call, more);
  loadFeatures(checked.settings);
  const activation = readActivation(options.ignoreListenPid);
  if (isDeno || isBun) checkRuntime(checked.settings, activation.activated);
  if (!activation.activated && options.required === true) throw notActivated(activation.reason);
  if (activation.activated && isVariableSet("proxyProtocol"))
    checkProxyNames(activation.sockets.map(({ name }) => name));
  return { ...checked, activation };
}
