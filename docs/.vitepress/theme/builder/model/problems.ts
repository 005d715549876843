import { shown } from "../../../../../packages/units/src/lib/problems.ts";
import { canHandOver, isNodeApp, passesSockets } from "./description.ts";
import { errorOfHosts } from "./hosts.ts";
import { addressesOf } from "./listeners.ts";
import { type BuilderState, initialState, limits, oldestSystemd } from "./state.ts";
import { splitWords, variablesOf } from "./words.ts";

/** A problem with a value in the form. While there is one, no units are written. */
export interface FieldProblem {
  /** The path in the state, such as `app` or `sockets[1].listen`. */
  readonly field: string;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/**
 * Problems with values that exceed the limits of the form. The form does not build units from such values.
 */
export function oversized(state: BuilderState): FieldProblem[] {
  const { sockets } = state;
  const problem = (field: string, message: string, hint: string) => ({
    field,
    code: "SOCKACT_ERR_UNIT_LENGTH",
    message,
    hint,
  });
  const texts = [
    ...Object.entries(state),
    ...sockets
      .slice(0, limits.sockets)
      .flatMap((socket, index) =>
        Object.entries(socket).map(([field, value]) => [`sockets[${index}].${field}`, value]),
      ),
  ] as [field: string, value: unknown][];
  const tooLong = texts.flatMap(([field, value]) =>
    typeof value === "string" && value.length > limits.characters
      ? [
          problem(
            field,
            `the value has ${value.length} characters`,
            `write at most ${limits.characters} characters here`,
          ),
        ]
      : [],
  );
  const tooMany = sockets.slice(0, limits.sockets).flatMap(({ listen }, index) => {
    const field = `sockets[${index}].listen`;
    if (tooLong.some((one) => one.field === field)) return [];
    const { length } = addressesOf(listen);
    return length > limits.addresses
      ? [problem(field, `the socket has ${length} addresses`, `write at most ${limits.addresses} addresses`)]
      : [];
  });
  const more =
    sockets.length > limits.sockets
      ? [
          problem(
            "sockets",
            `there are ${sockets.length} sockets`,
            `remove some: this page writes at most ${limits.sockets}`,
          ),
        ]
      : [];
  return [...tooLong, ...tooMany, ...more];
}

/** Files of the system, and sockets of common services. */
const ofSystem =
  /^\/+(?:(?:dev(?!\/+shm\/)|proc|sys)(?:\/|$)|(?:var\/+)?run\/+(?:systemd|dbus|udev|docker|containerd|podman|postgresql|mysqld|cups|avahi-daemon)\/|(?:var\/+)?run\/+(?:docker|snapd|snapd-snap|rpcbind|acpid)\.sock)/;

/**
 * Problems with relative paths. `emitUnits` accepts them with another meaning: as an argument of Node, or as
 * the name of a credential of systemd.
 */
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
      code: state[field].trim() === "" ? "SOCKACT_ERR_UNIT_MISSING" : "SOCKACT_ERR_UNIT_PATH",
      message:
        state[field].trim() === "" ? "the path is missing" : `${shown(state[field])}: not an absolute path`,
      hint: `write a path that begins with /, such as ${initialState[field]}`,
    }));
}

/** Problems that `emitUnits` can't find, because it does not know the program or the form. */
export function problemsOf(state: BuilderState): FieldProblem[] {
  const { sockets, bind, script } = state;
  const problems = relativePaths(state);
  const refuse = (field: string, code: string, message: string, hint: string) =>
    void problems.push({ field, code, message, hint });
  if (isNodeApp(state) && script.trim().startsWith("/")) {
    const file = script.trim().replace(/^.*\//s, "");
    if (/^\.{0,2}$/.test(file)) {
      const hint = `write the path of a file, such as ${initialState.script}`;
      refuse("script", "SOCKACT_ERR_UNIT_PATH", `${shown(script)} is a folder`, hint);
    } else if (/\p{Control}/u.test(script.trim())) {
      const message = `${shown(script)} contains a control character, such as a line break`;
      refuse("script", "SOCKACT_ERR_UNIT_PATH", message, "rename the file");
    } else if (file === "sockact.config.mjs" || /\.(?:service|socket)$/.test(file)) {
      const message = `${file} is the name of another file: of the configuration of sockact, or of a unit`;
      refuse(
        "script",
        "SOCKACT_ERR_UNIT_PATH",
        message,
        `choose another name for your app's file, such as server.js`,
      );
    }
  }
  const wrongHosts = bind === "host" ? errorOfHosts(state) : undefined;
  if (wrongHosts !== undefined) refuse("hosts", wrongHosts.code, wrongHosts.message, wrongHosts.hint);
  if (sockets.length === 0)
    refuse("sockets", "SOCKACT_ERR_UNIT_MISSING", "no socket is left", "add a socket, such as 80");
  for (const [index, { listen }] of sockets.entries()) {
    const addresses = addressesOf(listen);
    const path = `sockets[${index}].listen`;
    if (addresses.length === 0)
      refuse(
        path,
        "SOCKACT_ERR_UNIT_MISSING",
        "the address is missing",
        "write a port, an address or a path: 80, 127.0.0.1:3000 or /run/shop.sock",
      );
    const taken = bind === "capability" ? undefined : addresses.find((address) => ofSystem.test(address));
    if (taken !== undefined)
      refuse(
        bind === "host" ? "app" : path,
        "SOCKACT_ERR_UNIT_ADDRESS",
        `${shown(taken)} belongs to the system or to another service. If the file exists, systemd deletes it, and creates the socket in its place`,
        bind === "host" ? "choose another name" : "write another path, such as /run/shop.sock",
      );
  }
  if (splitWords(state.arguments) === undefined) {
    refuse(
      "arguments",
      "SOCKACT_ERR_UNIT_TEXT",
      "a quote is not closed, or nothing follows a backslash",
      "close the quote. To write the character itself, put a backslash before it",
    );
  }
  const names = variablesOf(state.environment).map(([name]) => name);
  const without = variablesOf(state.environment).find(([, value]) => value === undefined);
  if (without !== undefined)
    refuse(
      "environment",
      "SOCKACT_ERR_UNIT_TEXT",
      `${shown(without[0])} has no =`,
      "write NAME=value in each line",
    );
  const repeated = names.find((name, index) => names.indexOf(name) < index);
  if (repeated !== undefined)
    refuse(
      "environment",
      "SOCKACT_ERR_UNIT_REPEATED",
      `${shown(repeated)} is there twice`,
      "remove one of the two",
    );
  if (!isNodeApp(state) && passesSockets(state) && state.idle.trim() !== "") {
    refuse(
      "idle",
      "SOCKACT_ERR_UNIT_CONFLICT",
      "only an app that uses sockact or its preload can exit when it is idle",
      "leave it empty, or choose a proxy. A proxy can stop any program when it is idle",
    );
  }
  // The hint of emitUnits is about a type, and a handover has its own.
  if (state.handover && canHandOver(state) && (state.systemd ?? oldestSystemd) < 253) {
    refuse(
      "handover",
      "SOCKACT_ERR_UNIT_VERSION",
      "a handover needs systemd 253",
      "choose a newer version of systemd, or turn it off",
    );
  }
  if (bind === "proxy" && sockets.some(({ tls }) => !tls)) {
    for (const [index, { tls }] of sockets.entries()) {
      if (!tls) continue;
      refuse(
        `sockets[${index}].tls`,
        "SOCKACT_ERR_UNIT_CONFLICT",
        "the proxy forwards the connections of all sockets to one address, so the app can't know which connections use TLS",
        "use TLS on every socket or on none, or let systemd pass the sockets",
      );
    }
  }
  return problems;
}
