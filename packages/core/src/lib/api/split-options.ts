import type { Server } from "node:net";
import { optionError } from "../shared/environment-options.ts";
import { nearest } from "../shared/nearest.ts";
import { placeOf } from "./misplaced-option.ts";
import { type AppOptions, OPTIONS } from "./options.ts";
import { shown } from "../shared/shown.ts";

/** How a function takes its options. */
interface Call {
  /** How to call it, for hints. */
  readonly example: string;
  /** The options of Node's own function. */
  readonly nodeOptions: readonly string[];
  /** The options of sockact that this function does not have, and why. */
  readonly refused?: Readonly<Record<string, string>>;
}

/**
 * Splits options into those of this package and those of Node. Leaves out each option that is undefined,
 * because Node takes `port: undefined` for any free port.
 *
 * @param more the arguments after the options. TypeScript allows none, and JavaScript would ignore them.
 * @throws ActivationError `SOCKACT_ERR_OPTION` for more arguments, for options that are not an object, and
 * for an unknown option
 */
export function splitOptions<T extends object>(
  options: T,
  more: readonly unknown[],
  { example, nodeOptions, refused = {} }: Call,
): [own: AppOptions, where: Omit<T, keyof AppOptions>] {
  const hint = `Write ${example}. It returns a promise, which resolves when it listens.`;
  if (typeof options !== "object" || options === null)
    throw optionError(`The options must be an object; got ${shown(options)}`, hint);
  if (more.length > 0)
    throw optionError(
      `The options must be the last argument; got another one after them: ${shown(more[0])}`,
      hint,
    );
  const known = [...OPTIONS, ...nodeOptions].filter((name) => refused[name] === undefined);
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [name] of entries) {
    if (known.includes(name)) continue;
    const place = placeOf(name);
    if (place !== undefined)
      throw optionError(`unknown option ${name}: it belongs in ${place}`, "Correct the option.");
    const meant = nearest(name, known);
    throw optionError(
      `unknown option ${name}${meant === undefined ? "" : `: did you mean ${meant}?`}`,
      refused[name] ?? `The options are ${known.join(", ")}.`,
    );
  }
  const of = (isOurs: boolean): object =>
    Object.fromEntries(entries.filter(([name]) => OPTIONS.includes(name) === isOurs));
  return [of(true), of(false) as Omit<T, keyof AppOptions>];
}

/**
 * @throws ActivationError `SOCKACT_ERR_OPTION` for something that is not a server, such as an app of Express
 */
export function checkServer(server: unknown): void {
  // A server of Bun is not an instance of Node's class.
  const methods = ["listen", "close", "address", "once"] as const;
  if (
    methods.every((method) => typeof (server as Partial<Server> | null | undefined)?.[method] === "function")
  )
    return;
  throw optionError(
    `listen() needs a server of node:http, https, http2, net or tls; got ${shown(server)}`,
    "Write listen(http.createServer(app), { port: 3000 }), for example. Express, Koa and Fastify have adapters: @sockact/express, @sockact/koa and @sockact/fastify.",
  );
}
