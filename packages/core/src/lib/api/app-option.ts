import { optionError } from "../shared/environment-options.ts";
import { shown } from "../shared/shown.ts";
import type { AppOptions } from "./options.ts";

/**
 * Separates the app from the other options of `systemdListen({ app })`.
 *
 * @param isApp whether an object is an app of the framework
 * @param source the code that creates an app, such as `express()`
 * @returns the app, or undefined if the options have no `app`, and the other options
 * @throws ActivationError `SOCKACT_ERR_OPTION` if the argument is the app itself, or if `app` is not an app
 *   (`undefined` included)
 */
export function separateApp(
  options: AppOptions & { readonly app?: object },
  isApp: (app: object) => boolean,
  source: string,
): [app: object | undefined, options: AppOptions] {
  if (isApp(Object(options) as object))
    throw optionError("systemdListen() got the app in place of its options", "Write systemdListen({ app }).");
  if (!("app" in (Object(options) as object))) return [undefined, options];
  const { app, ...others } = options;
  if (!isApp(Object(app) as object))
    throw optionError(
      `The option app must come from ${source}; got ${shown(app)}`,
      `Write const app = ${source}; systemdListen({ app });`,
    );
  return [app, others];
}
