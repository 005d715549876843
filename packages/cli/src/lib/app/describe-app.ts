import { dirname } from "node:path";
import process from "node:process";
import {
  type AppDescription,
  emitUnits,
  type HardeningProfile,
  type ListenAddress,
  UnitError,
} from "@sockact/units";
import { CliError } from "../shared/cli-error.ts";
import type { DetectedApp } from "./detect-app.ts";

/** The settings from options or answers. */
export interface AppChoices {
  name?: string | undefined;
  /** Addresses as in systemd.socket(5), or `localhost:3000`. */
  listen?: readonly string[] | undefined;
  /** The host names of the site in the machine's proxy. */
  host?: readonly string[] | undefined;
  /** Whether the user's own service manager runs it. */
  user?: boolean | undefined;
  /** The ID of that user. */
  uid?: number | undefined;
  /** An existing user to run as. The default is DynamicUser=. */
  runAs?: string | undefined;
  hardening?: HardeningProfile | undefined;
  idleTimeout?: AppDescription["idleTimeout"];
  /** Whether `systemctl reload` hands over to a new version of the app. */
  handover?: boolean | undefined;
  /** Whether `sockact install` bundles the app. */
  bundle?: boolean | undefined;
  /** Files of variables. The default is those that the start script reads. */
  environmentFile?: readonly string[] | undefined;
  /** The path of @sockact/register for an app without sockact; `true` for the one in its node_modules. */
  preload?: string | boolean | undefined;
  /** The version of systemd that runs the units. */
  systemd?: number | undefined;
}

/**
 * The description for these settings, for `init`, and for `install` and `units` without a config.
 *
 * Throws a `CliError` with the code `SOCKACT_ERR_USAGE` for settings that do not work with an app that
 * accepts only one socket.
 */
export function describeApp(app: DetectedApp, choices: AppChoices = {}): AppDescription {
  const { user = false, systemd, environmentFile = app.environmentFiles, handover = false } = choices;
  const listen = (choices.listen ?? [ownAddress(app)]).flatMap((address) => addresses(address));
  if (app.takesOneSocket) assertOneSocket(choices, listen.length);
  const preload = choices.preload ?? !(app.hasSockact || app.takesOneSocket);
  // The app or the preload sends READY=1 through the descriptor of OpenFile=, which older systemds do not
  // have. A handover has its own type.
  const notifies = systemd !== undefined && systemd >= 253 && !handover;
  // Otherwise the preload would give the socket to the first server that listens, such as one for metrics.
  const port = preload === false || !app.isPortSure ? {} : { SOCKACT_PORT: String(app.port) };
  const environment = { ...app.environment, ...port, ...(preload === false ? {} : portFor(app, listen)) };
  return defined({
    name: choices.name ?? app.name,
    exec: [app.node.path, ...app.nodeArguments, app.entry, ...app.arguments],
    sockets: [{ listen: listen.length === 1 ? listen[0]! : listen }],
    workingDirectory: app.folder === defaultFolder(app.entry) ? undefined : app.folder,
    type: app.takesOneSocket ? "exec" : notifies ? "notify-reload" : undefined,
    systemd,
    manager: user ? "user" : undefined,
    uid: user ? (choices.uid ?? process.getuid?.()) : undefined,
    user: choices.runAs,
    environment: Object.keys(environment).length > 0 ? environment : undefined,
    environmentFile: environmentFile.length > 0 ? environmentFile : undefined,
    idleTimeout: choices.idleTimeout,
    handover: handover || undefined,
    successExitStatus: endsWithSignal(app) ? [143] : undefined,
    bundle: choices.bundle,
    preload: preload === false ? undefined : preload,
    hardening: choices.hardening,
  });
}

/** Removes undefined fields, which would appear in a config and override defaults. */
export function defined<Fields extends object>(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields;
}

/** The servers of Next.js and Vite handle SIGTERM themselves, and then exit with 128 + 15. */
const endsWithSignal = ({ framework, entry }: DetectedApp): boolean =>
  framework === "next" || entry.endsWith("node_modules/vite/bin/vite.js");

/** Where the app listens when you start it yourself: a port, or a port of the loopback interface. */
export function ownAddress({ host, port = 3000 }: Pick<DetectedApp, "host" | "port">): string {
  if (host === undefined) return String(port);
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * The variable for code such as `app.listen(process.env.PORT)`. Without it, the app would listen on port 0,
 * and the preload would give it no socket.
 */
function portFor(app: DetectedApp, listen: readonly ListenAddress[]): { PORT?: string } {
  const ports = listen.flatMap((address) =>
    typeof address === "object" ? [] : (/(?:^|:)(\d+)$/.exec(`${address}`)?.[1] ?? []),
  );
  return app.port !== undefined || ports[0] === undefined ? {} : { PORT: ports[0] };
}

function assertOneSocket({ idleTimeout, handover }: AppChoices, addressCount: number): void {
  if (addressCount > 1)
    throw new CliError(
      "SOCKACT_ERR_USAGE",
      "this app accepts one socket only, and --listen names several",
      "Name one address. localhost:3000 is two: write 127.0.0.1:3000. Or use the handler of adapter-node in a server of your own, with sockact.",
    );
  if (handover === true)
    throw new CliError(
      "SOCKACT_ERR_USAGE",
      "--handover has no effect on this app: it does not call sockact",
      "Use the handler of adapter-node in a server of your own, with sockact.",
    );
  if (idleTimeout !== undefined)
    throw new CliError(
      "SOCKACT_ERR_USAGE",
      "--idle-timeout has no effect on this app: it does not call sockact",
      `Write a config with environment: { IDLE_TIMEOUT: "300" } and restart: "on-failure".`,
    );
}

/** localhost is two addresses. systemd does not accept host names. */
function addresses(text: string): ListenAddress[] {
  const [, port] = /^localhost:(\d+)$/.exec(text) ?? [];
  if (port !== undefined) return [`127.0.0.1:${port}`, `[::1]:${port}`];
  return [/^\d{1,5}$/.test(text) ? Number(text) : text];
}

/** Why systemd can't listen on these addresses, or `undefined` if it can. */
export function refusedAddress(listen: readonly string[]): string | undefined {
  if (listen.length === 0) return "A port, an address or a path. Several with commas.";
  try {
    const addressed = listen.flatMap((address) => addresses(address));
    emitUnits({ name: "app", exec: ["/usr/bin/true"], sockets: [{ listen: addressed }], hardening: "none" });
    return undefined;
  } catch (error) {
    if (!(error instanceof UnitError)) throw error;
    const problem = error.problems.find(({ path }) => path.startsWith("sockets"));
    return problem && `${problem.message}; ${problem.hint}`;
  }
}

/** The working directory that @sockact/units chooses by default. */
function defaultFolder(entry: string): string {
  const folder = dirname(entry);
  return /\/(?:bin|build|dist|lib|out|src)$/.test(folder) ? dirname(folder) : folder;
}
