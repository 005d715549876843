import type { Explanation } from "@sockact/units";
import { isNodeApp } from "./description.ts";
import type { BuilderState } from "./state.ts";

/** Where a line comes from, and what it does, for a reader of the form. */
interface Origin {
  /** A phrase such as `from the field “User”`. */
  readonly source: string;
  readonly reason: string;
}

/** Names a field of the form by its label. */
const from = (label: string): string => `from the field “${label}”`;

/** `Type=` and `NotifyAccess=` have no field. They depend on other fields. */
function notificationSource({ watchdog }: BuilderState): string {
  return watchdog.trim() === "" ? "follows from the version of systemd" : "follows from the field “Watchdog”";
}

function reasonOfType(state: BuilderState, type: string): string {
  const reads = "systemd waits until the app reports that it is ready.";
  if (type === "notify-reload") {
    return `${reads} \`systemctl reload\` sends SIGHUP, and waits until the app has reloaded its settings.`;
  }
  if (!isNodeApp(state))
    return "The watchdog needs this type. The program must report that it is ready, as sd_notify(3) describes. Otherwise systemd stops it after the start timeout.";
  return `${reads} \`systemctl reload\` does not work for this service, because the type that reloads needs systemd 253.`;
}

type Reasons = Record<string, (state: BuilderState, value: string) => Origin>;

/** The socket and the variable of an app with host names have no field of their own. */
const ofHosts: Reasons = {
  ListenStream: () => ({
    source: from("Name"),
    reason:
      "The proxy connects to this socket. systemd listens there, and starts the service at the first connection.",
  }),
  SocketMode: () => ({
    source: from("Host names"),
    reason: "Only root and the group of the socket may connect, so nobody else can claim to be a client.",
  }),
  SocketGroup: () => ({
    source: from("Host names"),
    reason:
      "This is the group of Caddy and nginx on Debian and Ubuntu. `sockact install` finds the right one on each machine.",
  }),
  RestartPreventExitStatus: () => ({
    source: from("Sleep after"),
    reason:
      "systemd does not restart the app after these statuses. 42 means that it sleeps, and 43 that its start has failed and its visitors have an answer. The next visitor starts it.",
  }),
};

const reasonOfTrust: Origin = {
  source: from("Host names"),
  reason: "sockact reads this variable. The app sees the client's address and scheme that the proxy sends.",
};

/** The origin of each directive that `emitUnits` writes because the form asks for it. */
const origins: Reasons = {
  ListenStream: () => ({
    source: from("Port or address"),
    reason: "systemd listens at this address, and starts the service at the first connection.",
  }),
  FileDescriptorName: (state) => ({
    source: from(state.sockets.length > 1 ? "Name" : "Name (optional)"),
    reason: "The app gets the socket under this name, and distinguishes its sockets by their names.",
  }),
  SocketMode: () => ({
    source: from("Mode"),
    reason: "This is the file mode of the unix socket. A client needs write permission to connect.",
  }),
  SocketUser: () => ({ source: from("Owner"), reason: "This user owns the file of the unix socket." }),
  SocketGroup: () => ({
    source: from("Group"),
    reason: "The file of the unix socket belongs to this group.",
  }),
  ExecStart: (state) => ({
    source: isNodeApp(state)
      ? "from the fields “Path of Node”, “Path of your app's file” and “Arguments”"
      : "from the fields “Path of the program” and “Arguments”",
    reason:
      state.framework === "unchanged"
        ? "systemd runs this command to start the app. The preload of sockact connects an unmodified app to systemd."
        : `systemd runs this command to start the ${isNodeApp(state) ? "app" : "program"}.`,
  }),
  User: () => ({
    source: from("User"),
    reason: "The service runs as this user. The user must exist before the service starts.",
  }),
  WatchdogSec: () => ({
    source: from("Watchdog"),
    reason:
      "The service must send a message to systemd within this time, again and again. If it does not, systemd kills and restarts it.",
  }),
  LoadCredential: (_, value) => ({
    source: from(value.startsWith("key.pem:") ? "Path of the private key" : "Path of the certificate chain"),
    reason:
      "systemd reads this file as root, and gives the service a copy in the folder $CREDENTIALS_DIRECTORY. If the file is missing, the service does not start.",
  }),
  Environment: (state, value) =>
    state.bind === "host" && value === "SOCKACT_TRUST_PROXY=yes"
      ? reasonOfTrust
      : value.startsWith("SOCKACT_IDLE_TIMEOUT=")
        ? {
            source: from("Sleep after"),
            reason: "sockact reads this variable. The app exits after this time without a connection.",
          }
        : {
            source: from("Variables"),
            reason: "The app gets this variable. Every user of the machine can read it in the unit.",
          },
  EnvironmentFile: () => ({
    source: from("File of variables"),
    reason:
      "systemd reads this file as root at each start, and its variables replace those of the unit. If the file is missing, the service does not start.",
  }),
  ReadWritePaths: () => ({
    source: from("Writable folders"),
    reason: "The app may write to this folder. If it does not exist, the service does not start.",
  }),
  MemoryMax: () => ({
    source: from("Memory limit"),
    reason: "If the service uses more memory, the kernel kills a process of the service.",
  }),
  Type: (state, value) => ({ source: notificationSource(state), reason: reasonOfType(state, value) }),
  NotifyAccess: (state) => ({
    source: notificationSource(state),
    reason:
      "systemd accepts messages from child processes too. Without OpenFile=, which needs systemd 253, the app sends its messages through a child process.",
  }),
};

/** Parts of explanations that name fields of a config. The form lacks these fields. */
const rewritten: readonly (readonly [before: string, after: string])[] = [
  ["The description has no sandbox.", "You have chosen no sandbox in the form."],
  [
    "write ipAddressDeny: true and ipAddressAllow: ['10.0.0.0/8'].",
    "write IPAddressDeny=any and, for example, IPAddressAllow=10.0.0.0/8.",
  ],
  [
    "jitless: true disables the compiler and writes this directive.",
    "In a config for sockact, `jitless: true` disables the compiler and writes this directive.",
  ],
  [
    "to the folders of stateDirectory and similar fields, and to readWritePaths.",
    "to the folders of StateDirectory= and similar directives, and to ReadWritePaths=.",
  ],
  ["With ipAddressAllow,", "With IPAddressAllow=,"],
  ["exec must name its path", "ExecStart= must name its path"],
];

const inForm = (text: string): string =>
  rewritten.reduce((result, [before, after]) => result.replace(before, after), text);

/** An explanation in terms of the form and of directives, with the field that a line comes from. */
export function explainInForm(
  explanation: Explanation,
  state: BuilderState,
): { readonly explanation: Explanation; readonly source?: string } {
  const { status, directive, value = "", reason, cost } = explanation;
  const reasons = state.bind === "host" ? { ...origins, ...ofHosts } : origins;
  const { source, reason: own = reason } =
    (status === "asked" ? reasons[directive]?.(state, value) : undefined) ?? ({} as Partial<Origin>);
  return {
    explanation: {
      ...explanation,
      reason: inForm(own),
      ...(cost === undefined ? {} : { cost: inForm(cost) }),
    },
    ...(source === undefined ? {} : { source }),
  };
}
