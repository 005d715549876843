import type { AppDescription, SocketDescription, UnitProblem } from "@sockact/units";
import { addressesOf, isFile, socketNames } from "./listeners.ts";
import { type BuilderState, initialState } from "./state.ts";
import { splitWords } from "./words.ts";

/** A problem with a value in the form. While there is one, no units are written. */
export interface FieldProblem {
  /** The path in the state, such as `app` or `sockets[1].listen`. */
  readonly field: string;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** Whether Node runs the app. */
export const isNodeApp = ({ framework }: BuilderState): boolean => framework !== "other";

/** The folder that contains the app's `node_modules`: the folder of the script or, if that folder has a name such as `dist`, the folder above it. */
export function appFolder({ script }: BuilderState): string {
  const folder = script.trim().replace(/\/+[^/]*$/, "");
  const [, above = folder] = /^(.*)\/(?:bin|build|dist|lib|out|src)$/.exec(folder) ?? [];
  return above === "" ? "/" : above;
}

/** The preload of an app that does not use sockact. If the program is not called `node`, @sockact/units needs the path of the preload. */
function preloadOf(state: BuilderState): true | string {
  const isNode = /(?:^|\/)node[^/]*$/.test(state.runtime.trim());
  return isNode || `${appFolder(state)}/node_modules/@sockact/register/dist/index.cjs`;
}

/** Whether the service tells systemd when it is ready. An app can do so through sockact or its preload. */
function notifies({ framework, watchdog, systemd = 0 }: BuilderState): boolean {
  return watchdog.trim() !== "" || (framework !== "other" && systemd >= 253);
}

/** The type of the service. systemd before 253 has neither `notify-reload` nor `OpenFile=`, through which Node sends messages to systemd. */
function lifecycle(state: BuilderState): Partial<AppDescription> {
  const { systemd = 253 } = state;
  if (!notifies(state)) return {};
  if (!isNodeApp(state)) return { type: "notify" };
  if (systemd >= 253) return { type: "notify-reload" };
  return { type: "notify", openFile: false, notifyAccess: "all" };
}

/** The description of the app, as `sockact init` would write it. */
export function describe(state: BuilderState): AppDescription {
  const { framework, bind, systemd } = state;
  const names = socketNames(state.sockets);
  const text = (field: "user" | "idle" | "watchdog" | "backend") => state[field].trim() || undefined;
  const [user, idleTimeout, watchdogSec, backend] = [
    text("user"),
    text("idle"),
    text("watchdog"),
    text("backend"),
  ];
  const isPreloaded = framework === "unchanged" && (bind === "socket" || notifies(state));
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
      } = isFile(socket) ? socket : { listen: socket.listen };
      const addresses = addressesOf(listen).map((address) =>
        /^\d{1,5}$/.test(address) ? Number(address) : address,
      );
      const name = names[index];
      return {
        ...(name === undefined ? {} : { name }),
        listen: addresses.length === 1 ? addresses[0]! : addresses,
        ...(mode.trim() === ""
          ? {}
          : { socketMode: mode.trim() as NonNullable<SocketDescription["socketMode"]> }),
        ...(owner.trim() === "" ? {} : { socketUser: owner.trim() }),
        ...(group.trim() === "" ? {} : { socketGroup: group.trim() }),
      };
    }),
    ...(bind === "socket" ? {} : { bind }),
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
    ...(isPreloaded ? { preload: preloadOf(state) } : {}),
    hardening: state.hardening,
    ...(systemd === undefined ? {} : { systemd }),
  };
}

/** Problems with relative paths. `emitUnits` accepts them with another meaning: as an argument of Node, or as the name of a credential of systemd. */
function relativePaths(state: BuilderState): FieldProblem[] {
  const hasTls = state.sockets.some(({ tls }) => tls);
  const asked = [
    ...(isNodeApp(state) ? ["script" as const] : []),
    ...(hasTls ? ["certificate" as const, "privateKey" as const] : []),
  ];
  return asked
    .filter((field) => !state[field].trim().startsWith("/"))
    .map((field) => ({
      field,
      code: state[field].trim() === "" ? "ERR_UNIT_MISSING" : "ERR_UNIT_PATH",
      message:
        state[field].trim() === ""
          ? "the path is missing"
          : `${JSON.stringify(state[field])}: not an absolute path`,
      hint: `write a path that begins with /, such as ${initialState[field]}`,
    }));
}

/** Problems that `emitUnits` can't find, because it does not know the program or the form. */
export function problemsOf(state: BuilderState): FieldProblem[] {
  const { sockets, bind } = state;
  const problems = relativePaths(state);
  const refuse = (field: string, code: string, message: string, hint: string) =>
    void problems.push({ field, code, message, hint });
  if (splitWords(state.arguments) === undefined) {
    refuse(
      "arguments",
      "ERR_UNIT_TEXT",
      "a quote is not closed, or nothing follows a backslash",
      "close the quote. To write the character itself, put a backslash before it",
    );
  }
  if (!isNodeApp(state) && bind === "socket" && state.idle.trim() !== "") {
    refuse(
      "idle",
      "ERR_UNIT_CONFLICT",
      "only an app that uses sockact or its preload can exit when it is idle",
      "leave it empty, or choose a proxy. A proxy can stop any program when it is idle",
    );
  }
  if (bind === "proxy" && sockets.some(({ tls }) => !tls)) {
    for (const [index, { tls }] of sockets.entries()) {
      if (!tls) continue;
      refuse(
        `sockets[${index}].tls`,
        "ERR_UNIT_CONFLICT",
        "the proxy forwards the connections of all sockets to one address, so the app can't know which connections use TLS",
        "use TLS on every socket or on none, or let systemd pass the sockets",
      );
    }
  }
  return problems;
}

/** For each field of the description, the form field that it comes from. */
const fields: Readonly<Record<string, string>> = {
  name: "app",
  user: "user",
  hardening: "hardening",
  idleTimeout: "idle",
  watchdogSec: "watchdog",
  openFile: "watchdog",
  notifyAccess: "watchdog",
  bind: "bind",
  backend: "backend",
  systemd: "systemd",
  preload: "framework",
  sockets: "sockets",
};

const socketFields: Readonly<Record<string, string>> = {
  name: "name",
  socketMode: "mode",
  socketUser: "owner",
  socketGroup: "group",
};

/** The form field for a problem with the whole command line: the field whose words appear in the message. */
function fieldOfCommand(message: string, state: BuilderState): string {
  const named = message.split(/[\s"]+/).map((word) => word.replace(/[.,:;]$/, ""));
  if (isNodeApp(state) && named.includes(state.script.trim())) return "script";
  const isArgument = splitWords(state.arguments)?.some((word) => named.includes(word)) === true;
  return isArgument ? "arguments" : "runtime";
}

/** The form field for a problem with the description. */
export function fieldOf({ path, message }: UnitProblem, state: BuilderState): string {
  const [, socket, inside = ""] = /^(sockets\[\d+\])(?:\.(\w+))?/.exec(path) ?? [];
  if (socket !== undefined) return `${socket}.${socketFields[inside] ?? "listen"}`;
  const [, word] = /^exec\[(\d+)\]/.exec(path) ?? [];
  if (word !== undefined) {
    const script = isNodeApp(state) ? 1 : 0;
    return word === "0" ? "runtime" : Number(word) <= script ? "script" : "arguments";
  }
  if (path === "exec") return fieldOfCommand(message, state);
  if (path.startsWith("credentials")) return path.includes("key") ? "privateKey" : "certificate";
  if (path === "type") return state.watchdog.trim() === "" ? "systemd" : "watchdog";
  const [top = ""] = /^\w+/.exec(path) ?? [];
  return fields[top] ?? (isNodeApp(state) ? "script" : "runtime");
}

/** Rewrites a hint of `emitUnits` for readers of the form, who can't write fields of a description. */
export const hintInForm = (hint: string): string =>
  hint
    .replace(/\. If you want the units as they are, .*$/, "")
    .replaceAll("write bind: 'socket'", "let systemd pass the sockets")
    .replaceAll("write bind: 'proxy'", "choose a proxy")
    .replaceAll("leave it out", "leave it empty");
