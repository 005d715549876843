import { isVariableSet } from "../shared/environment-options.ts";
import type { PlacedTls } from "../binding/tls-acceptor.ts";
import type { TlsOptions } from "../binding/tls-identity.ts";
import { isObject } from "./option-shapes.ts";
import {
  argumentsError,
  booleanError,
  nameBesideSocketsError,
  nameError,
  socketError,
  socketsError,
  unknownError,
} from "./option-errors.ts";
import { checkTlsOption } from "./tls-option.ts";
import { type ProxyProtocolOptions, type ProxyRules, readProxyProtocol } from "../proxy-protocol/senders.ts";
import { proxyRulesOf } from "../proxy-protocol/variable.ts";
import {
  LIFECYCLE_OPTIONS,
  type LifecycleOptions,
  readSettings,
  type Settings,
} from "../lifecycle/settings.ts";

/** How to serve one socket. */
export interface SocketOptions {
  /** The TLS options of this socket. They have precedence over the `tls` for all sockets. */
  tls?: TlsOptions | undefined;
  /**
   * Whether each connection begins with a PROXY header from a load balancer such as HAProxy.
   * `socket.remoteAddress` and `socket.remotePort` are then those of the client. The default is `false`. With
   * `true`, every client can send a header and claim any address. `{ from }` lists the addresses that may
   * send one. The variable `SOCKACT_PROXY_PROTOCOL` overrides this option: `web:10.0.0.1,10.1.0.0/16` is for
   * the socket `web`, and `web:*` means `true`.
   */
  proxyProtocol?: boolean | ProxyProtocolOptions | undefined;
}

/** All options of an app: the sockets to claim, and how the app starts, reloads, stops and sleeps. */
export interface AppOptions extends ClaimOptions, LifecycleOptions {}

/** The sockets that an app or server claims, and whether it requires one. */
export interface ClaimOptions {
  /**
   * The TLS options of all claimed sockets, for a server without TLS, such as one of node:http. A server of
   * node:https, node:tls or `http2.createSecureServer()` already uses TLS, so `tls` is an error
   * (`SOCKACT_ERR_OPTION`).
   */
  tls?: TlsOptions | undefined;
  /**
   * The sockets to claim, by their `FileDescriptorName=`, and how to serve each one: `{ http: {}, https: {
   * tls: { key, cert } } }`. Use it instead of `name`.
   */
  sockets?: Readonly<Record<string, SocketOptions>> | undefined;
  /**
   * The `FileDescriptorName=` of the sockets to claim: a name or a list of names. Several sockets can have
   * the same name. By default, the server claims every unclaimed listener.
   */
  name?: string | readonly string[] | undefined;
  /**
   * Fails with `SOCKACT_ERR_NOT_ACTIVATED` if no sockets were passed. The default is `false`: the server then
   * listens as without sockact.
   */
  required?: boolean | undefined;
  /**
   * Claims sockets even if LISTEN_PID is unset or 0, as with systemfd and s6. The default is `false`, because
   * child processes inherit the variables. Variables left over in a terminal or container would make the app
   * use its descriptors from 3 on as sockets. The variable `SOCKACT_IGNORE_LISTEN_PID` overrides this option.
   */
  ignoreListenPid?: boolean | undefined;
}

const TAKE_OPTIONS: readonly string[] = ["name", "tls", "sockets", "required", "ignoreListenPid"];

const SOCKET_OPTIONS: readonly string[] = ["tls", "proxyProtocol"];

/** Every sockact option. */
const OPTIONS: readonly string[] = [...TAKE_OPTIONS, ...LIFECYCLE_OPTIONS];

/** The sockets to claim, and how to serve each one. */
export interface SocketSelection {
  /** The names to claim. If undefined, every unclaimed listener. */
  names: readonly string[] | undefined;
  /** The TLS options of all sockets. */
  tls: readonly PlacedTls[];
  /** The TLS options of the sockets with this name, or undefined without TLS. */
  tlsOf(name: string): PlacedTls | undefined;
  /**
   * Returns the PROXY header rules of the sockets with a name, or undefined if they expect no headers. It is
   * undefined itself if neither an option nor the variable enables PROXY headers.
   */
  proxyOf: ((name: string) => ProxyRules | undefined) | undefined;
}

/** The checked options of an app, with variables and defaults applied. */
export interface CheckedOptions<T = AppOptions> {
  selection: SocketSelection;
  settings: Settings;
  /** The options of Node's own function, except undefined ones. */
  nodeOptions: Omit<T, keyof AppOptions>;
}

/** A function that has options. */
export interface Call {
  /** How to call it. */
  readonly hint: string;
  /** The options of Node's own function. */
  readonly nodeOptions: readonly string[];
  /** The sockact options that this function does not have, and why. */
  readonly omitted?: Readonly<Record<string, string>>;
}

const SYSTEMD_LISTEN: Call = {
  hint: "Write systemdListen({ name: 'http' }), for example. Pass the port to listen().",
  nodeOptions: [],
};

/**
 * Checks and reads all options. Unknown options are errors, because an ignored option would be noticed only
 * in production.
 *
 * @param more the arguments after the options. TypeScript rejects them, and JavaScript would ignore them.
 * @throws ActivationError `SOCKACT_ERR_OPTION`
 */
export function readOptions<T extends AppOptions>(
  options: T,
  call: Call = SYSTEMD_LISTEN,
  more: readonly unknown[] = [],
): CheckedOptions<T> {
  if (typeof options !== "object" || options === null || more.length > 0)
    throw argumentsError(options, more, call.hint);
  checkOptionNames(options, call);
  const { name, sockets, tls } = options;
  if (tls !== undefined) checkTlsOption(tls, "tls");
  if (sockets !== undefined) checkSockets(sockets, name);
  const names = sockets === undefined ? readNames(name) : Object.keys(sockets);
  const proxies = new Map<string, ProxyRules>();
  const tlsOfSockets = new Map<string, PlacedTls>();
  for (const [each, socket] of Object.entries(sockets ?? {})) {
    const where = `sockets.${each}`;
    if (socket.tls !== undefined)
      tlsOfSockets.set(each, { options: socket.tls, where: `${where}.tls`, owner: [each] });
    if (socket.proxyProtocol !== undefined && socket.proxyProtocol !== false)
      proxies.set(each, readProxyProtocol(socket.proxyProtocol, `${where}.proxyProtocol`));
  }
  for (const option of ["required", "ignoreListenPid"] as const) {
    const value: unknown = options[option];
    if (value !== undefined && typeof value !== "boolean") throw booleanError(option, value, OPTIONS);
  }
  const tlsOfAll = tls && { options: tls, where: "tls", owner: [] };
  return {
    selection: {
      names,
      tls: [...(tlsOfAll ? [tlsOfAll] : []), ...tlsOfSockets.values()],
      tlsOf: (socketName) => tlsOfSockets.get(socketName) ?? tlsOfAll,
      proxyOf:
        proxies.size > 0 || isVariableSet("proxyProtocol")
          ? proxyRulesOf((socketName) => proxies.get(socketName))
          : undefined,
    },
    settings: readSettings(options),
    // Node uses any free port for `port: undefined`.
    nodeOptions: Object.fromEntries(
      Object.entries(options).filter(([key, value]) => value !== undefined && call.nodeOptions.includes(key)),
    ) as Omit<T, keyof AppOptions>,
  };
}

/** Throws if there are options that the function does not have. */
function checkOptionNames(options: object, { nodeOptions, omitted = {} }: Call): void {
  const known = [...OPTIONS, ...nodeOptions].filter((name) => omitted[name] === undefined);
  const unknown = Object.entries(options).flatMap(([name, value]) =>
    known.includes(name) || (value === undefined && Object.hasOwn(omitted, name)) ? [] : [name],
  );
  if (unknown.length > 0) throw unknownError(unknown, known, omitted);
}

function readNames(name: ClaimOptions["name"]): readonly string[] | undefined {
  if (name === undefined) return undefined;
  const names: unknown = typeof name === "string" ? [name] : name;
  if (!Array.isArray(names) || names.length === 0 || !names.every((each) => typeof each === "string"))
    throw nameError(names);
  return names;
}

function checkSockets(sockets: NonNullable<ClaimOptions["sockets"]>, name: unknown): void {
  if (name !== undefined) throw nameBesideSocketsError();
  if (!isObject(sockets) || Object.keys(sockets).length === 0) throw socketsError(sockets);
  for (const [each, options] of Object.entries(sockets)) {
    const isKnown = isObject(options) && Object.keys(options).every((key) => SOCKET_OPTIONS.includes(key));
    if (!isKnown) throw socketError(each, options);
    if (options.tls !== undefined) checkTlsOption(options.tls, `sockets.${each}.tls`);
  }
}
