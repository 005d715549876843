import type { AppDescription } from "@sockact/units";
import { addressesOf, isFile, socketNames } from "./listeners.ts";
import { hostsOf } from "./hosts.ts";
import { oldestSystemd, type BuilderState } from "./state.ts";
import { splitWords, variablesOf } from "./words.ts";

/** Whether Node runs the app. */
export const isNodeApp = ({ framework }: BuilderState): boolean => framework !== "other";

/**
 * The folder that contains the app's `node_modules`: the folder of the script or, if that folder has a name
 * such as `dist`, the folder above it.
 */
export function appFolder({ script }: BuilderState): string {
  const folder = script.trim().replace(/\/+[^/]*$/, "");
  const [, above = folder] = /^(.*)\/(?:bin|build|dist|lib|out|src)$/.exec(folder) ?? [];
  return above === "" ? "/" : above;
}

/** The folders that the app may write to. */
export const foldersOf = ({ folder }: BuilderState): string[] =>
  folder
    .split("\n")
    .map((path) => path.trim())
    .filter((path) => path !== "");

/**
 * The preload of an app that does not use sockact. If the program is not called `node`, @sockact/units needs
 * the path of the preload.
 */
function preloadOf(state: BuilderState): true | string {
  const isNode = /(?:^|\/)node[^/]*$/.test(state.runtime.trim());
  return isNode || `${appFolder(state)}/node_modules/@sockact/register/dist/index.cjs`;
}

/** Whether systemd opens the sockets, and passes them to the app. */
export const passesSockets = ({ bind }: Pick<BuilderState, "bind">): boolean =>
  bind === "socket" || bind === "host";

/**
 * Whether the app can hand over to a new version: sockact does so, with the sockets that systemd passes.
 * `emitUnits` refuses it for systemd before 253.
 */
export const canHandOver = ({ framework, bind }: BuilderState): boolean =>
  framework !== "other" && passesSockets({ bind });

/** Whether the service tells systemd when it is ready. An app can do so through sockact or its preload. */
function notifies({ framework, watchdog, systemd = oldestSystemd }: BuilderState): boolean {
  return watchdog.trim() !== "" || (framework !== "other" && systemd >= 253);
}

/**
 * The type of the service. systemd before 253 has neither `notify-reload` nor `OpenFile=`, through which Node
 * sends messages to systemd.
 */
function lifecycle(state: BuilderState): Partial<AppDescription> {
  const { systemd = oldestSystemd } = state;
  if (state.handover && canHandOver(state)) return { handover: true };
  if (!notifies(state)) return {};
  if (!isNodeApp(state)) return { type: "notify" };
  if (systemd >= 253) return { type: "notify-reload" };
  return { type: "notify", openFile: false, notifyAccess: "all" };
}

/** The description of the app, as `sockact init` would write it. */
export function describe(state: BuilderState): AppDescription {
  const { framework, bind, systemd = oldestSystemd } = state;
  const names = socketNames(state.sockets);
  const text = (field: "user" | "idle" | "watchdog" | "backend" | "environmentFile" | "memory") =>
    state[field].trim() || undefined;
  const [user, idleTimeout, watchdogSec, backend] = [
    text("user"),
    text("idle"),
    text("watchdog"),
    text("backend"),
  ];
  const [environmentFile, memoryMax] = [text("environmentFile"), text("memory")];
  const folders = foldersOf(state);
  const environment = Object.fromEntries(
    variablesOf(state.environment).map(([name, value = ""]) => [name, value]),
  );
  const isPreloaded = framework === "unchanged" && (passesSockets(state) || notifies(state));
  return {
    name: state.app.trim(),
    exec: [
      state.runtime.trim(),
      ...(isNodeApp(state) ? [state.script.trim()] : []),
      ...(splitWords(state.arguments) ?? []),
    ],
    sockets: state.sockets.map((socket, index) => {
      const {
        listen,
        mode = "",
        owner = "",
        group = "",
      } = bind !== "capability" && isFile(socket) ? socket : { listen: socket.listen };
      const addresses = addressesOf(listen).map((address) =>
        /^\d{1,5}$/.test(address) ? Number(address) : address,
      );
      const name = names[index];
      return {
        ...(name === undefined ? {} : { name }),
        listen: addresses.length === 1 ? addresses[0]! : addresses,
        ...(mode.trim() === "" ? {} : { socketMode: mode.trim() }),
        ...(owner.trim() === "" ? {} : { socketUser: owner.trim() }),
        ...(group.trim() === "" ? {} : { socketGroup: group.trim() }),
      };
    }),
    ...(bind === "host" ? { hosts: hostsOf(state) } : {}),
    ...(bind === "socket" || bind === "host" ? {} : { bind }),
    ...(bind === "proxy" && backend !== undefined ? { backend } : {}),
    ...(lifecycle(state) satisfies Partial<AppDescription>),
    ...(watchdogSec === undefined
      ? {}
      : { watchdogSec: watchdogSec as NonNullable<AppDescription["watchdogSec"]> }),
    ...(idleTimeout === undefined
      ? {}
      : { idleTimeout: idleTimeout as NonNullable<AppDescription["idleTimeout"]> }),
    ...(state.sockets.some(({ tls }) => tls)
      ? { credentials: { "key.pem": state.privateKey.trim(), "cert.pem": state.certificate.trim() } }
      : {}),
    ...(user === undefined ? {} : { user }),
    ...(Object.keys(environment).length === 0 ? {} : { environment }),
    ...(environmentFile === undefined ? {} : { environmentFile }),
    ...(folders.length === 0 ? {} : { readWritePaths: folders }),
    ...(memoryMax === undefined ? {} : { memoryMax }),
    ...(isPreloaded ? { preload: preloadOf(state) } : {}),
    hardening: state.hardening,
    systemd,
  };
}
