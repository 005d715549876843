import { type AppDescription, buildUnits, parseUnit, UnitSet } from "@sockact/units";
import { METRICS as NAME } from "../systemd/timed-service.ts";
import { CERTIFICATES_FILE } from "./certificates-file.ts";
import { PORT } from "./endpoint.ts";

/** The name of the descriptor that the endpoint gets. */
const SOCKET = "metrics";

/** Until they are complete, the metrics are where only root may write. */
const WRITTEN = `/run/${NAME}.prom`;

/** What to install. */
export interface MetricsChoices {
  /** The Node that runs it. */
  node: string;
  /** The program, as installed. */
  program: string;
  /** The preload, as installed. */
  preload: string;
  systemd: number | undefined;
  /** The user. dbus-daemon, and so systemctl, rejects one of DynamicUser=. */
  user: string;
}

/**
 * What both services have in common. The collector runs journalctl and systemctl, which need the journal's group
 * and unix sockets. It reads control groups, and the queues of the host's sockets in /proc/self/net. It may
 * connect to nothing over the network, and write nothing but its counters. ProcSubset=pid would hide the ID of
 * the boot, which journalctl needs.
 */
function common({ systemd, user }: MetricsChoices) {
  return {
    name: NAME,
    ...(systemd !== undefined && { systemd }),
    user,
    supplementaryGroups: ["systemd-journal"],
    workingDirectory: false,
    environment: { HOME: false },
    stateDirectoryMode: "0700",
    memoryMax: "512M",
    tasksMax: 64,
    hardening: {
      profile: "outbound",
      restrictAddressFamilies: ["AF_UNIX"],
      ipAddressDeny: true,
    },
  } as const satisfies Partial<AppDescription>;
}

/** The endpoint: a service that a socket starts, and that sleeps when it has not been asked for a while. */
export function describeEndpoint(
  choices: MetricsChoices,
  {
    listen,
    idleTimeout,
    group,
  }: { listen: readonly string[]; idleTimeout: string; group?: string | undefined },
): AppDescription {
  const notifies = choices.systemd !== undefined && choices.systemd >= 253;
  return {
    ...common(choices),
    description: "Metrics of the services that sockets start",
    exec: [choices.node, choices.program],
    // Without the map, an address with another port would not be the program's.
    preload: { path: choices.preload, map: { [PORT]: SOCKET } },
    sockets: [
      {
        name: SOCKET,
        listen: [...listen],
        ...(group !== undefined && { socketGroup: group, socketMode: "0660" }),
      },
    ],
    ...(notifies && { type: "notify" }),
    idleTimeout: idleTimeout as NonNullable<AppDescription["idleTimeout"]>,
  };
}

/**
 * The units that write the metrics to a file, and their description. The program writes to a file that systemd
 * has opened. Then root moves a copy to the folder, where another user may be able to replace names.
 */
export function textfileUnits(
  choices: MetricsChoices,
  { file, every }: { file: string; every: string },
): { description: AppDescription; units: UnitSet } {
  const publish = 'install --mode=644 -T -- "$1" "$2.new" && mv -T -- "$2.new" "$2"';
  const description: TimedDescription = {
    ...common(choices),
    ...timed(choices, "textfile", WRITTEN),
    description: "Write the metrics of the services that sockets start",
    execStartPost: [{ privileged: true, command: ["/bin/sh", "-c", publish, "sh", WRITTEN, file] }],
  };
  return { description: { ...description, sockets: [] }, units: timedUnits(description, every) };
}

/**
 * The units that write when certificates expire to a file that systemd has opened. Only this service may read
 * every file, and connect to a proxy of this machine. It can write nothing else. The endpoint, whose user it has,
 * can send it signals: SIGUSR1 lets Node listen for a debugger, and SIGABRT dumps its memory.
 */
export function certificateUnits(choices: MetricsChoices): UnitSet {
  const { systemd } = choices;
  const { supplementaryGroups: _, hardening, ...shared } = common(choices);
  const description: TimedDescription = {
    ...shared,
    ...timed(choices, "certificates", CERTIFICATES_FILE),
    name: `${NAME}-certificates`,
    // At a boot, the proxy starts first.
    after: ["multi-user.target"],
    limitCORE: 0,
    description: "See when the certificates of the services that sockets start expire",
    stateDirectory: false,
    stateDirectoryMode: undefined,
    hardening: {
      ...hardening,
      restrictAddressFamilies: ["AF_UNIX", "AF_INET", "AF_INET6"],
      ipAddressDeny: false,
      ambientCapabilities: ["CAP_DAC_READ_SEARCH"],
      capabilityBoundingSet: ["CAP_DAC_READ_SEARCH"],
      protectHome: "read-only",
      systemCallFilter: ["~listen"],
      // The endpoint reads the file.
      umask: "0022",
    },
    raw: {
      Service: {
        LimitFSIZE,
        ...(systemd !== undefined && systemd >= 250 && { RestrictNetworkInterfaces: "lo" }),
      },
    },
  };
  return timedUnits(description, "1h");
}

/** It must not fill /run, where its output is. */
const LimitFSIZE = "64M";

/** What the services have in common that a timer starts. */
function timed({ node, program }: MetricsChoices, argument: string, output: string) {
  return {
    exec: [node, program, argument],
    // A description is of a service with sockets.
    sockets: [{ listen: PORT }],
    type: "exec",
    restart: "no",
    standardOutput: `file:${output}`,
    standardError: "journal",
    timeoutStartSec: "30s",
    raw: { Service: { LimitFSIZE } },
  } as const satisfies Partial<AppDescription>;
}

type TimedDescription = AppDescription & { description: string };

function timedUnits(description: TimedDescription, every: string): UnitSet {
  const { name } = description;
  const built = buildUnits(description).files.get(`${name}.service`)!;
  const dropped = ["Requires", "NonBlocking", "StartLimitIntervalSec", "Also"];
  const text = built.entries
    .filter((entry) => entry.kind !== "assignment" || !dropped.includes(entry.key))
    .map((entry) => entry.text)
    .join("")
    .replace(/^After=.*\.socket\n/m, "")
    .replace(/^\[Install\]\n*/m, "")
    .replace("Type=exec", "Type=oneshot");
  // OnActiveSec=0 would also start it at each daemon-reload.
  const timer = `[Unit]
Description=${description.description}

[Timer]
OnBootSec=0
OnUnitActiveSec=${every}
AccuracySec=1s

[Install]
WantedBy=timers.target
`;
  return new UnitSet([
    [`${name}.timer`, parseUnit(timer)],
    [`${name}.service`, parseUnit(text)],
  ]);
}

/** The files that the service of {@link textfileUnits} leaves behind. */
export const textfilesOf = (file: string): string[] => [file, `${file}.new`, WRITTEN];
