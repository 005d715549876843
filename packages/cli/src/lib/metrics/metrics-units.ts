import { type AppDescription, buildUnits, parseUnit, UnitSet } from "@sockact/units";
import { METRICS as NAME } from "../systemd/timed-service.ts";
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
  const description: AppDescription = {
    ...common(choices),
    description: "Write the metrics of the services that sockets start",
    exec: [choices.node, choices.program, "textfile"],
    sockets: [{ listen: PORT }],
    type: "exec",
    restart: "no",
    standardOutput: `file:${WRITTEN}`,
    standardError: "journal",
    timeoutStartSec: "30s",
    // It must not fill /run, where its output is.
    raw: { Service: { LimitFSIZE: "64M" } },
    execStartPost: [{ privileged: true, command: ["/bin/sh", "-c", publish, "sh", WRITTEN, file] }],
  };
  // A description is of a service with sockets.
  const built = buildUnits(description).files.get(`${NAME}.service`)!;
  const dropped = ["Requires", "After", "NonBlocking", "StartLimitIntervalSec", "Also"];
  const text = built.entries
    .filter((entry) => entry.kind !== "assignment" || !dropped.includes(entry.key))
    .map((entry) => entry.text)
    .join("")
    .replace(/^\[Install\]\n*/m, "")
    .replace("Type=exec", "Type=oneshot");
  const timer = `[Unit]
Description=Write the metrics of the services that sockets start

[Timer]
OnActiveSec=0
OnUnitActiveSec=${every}
AccuracySec=1s

[Install]
WantedBy=timers.target
`;
  const units = new UnitSet([
    [`${NAME}.timer`, parseUnit(timer)],
    [`${NAME}.service`, parseUnit(text)],
  ]);
  return { description: { ...description, sockets: [] }, units };
}

/** The files that the service of {@link textfileUnits} leaves behind. */
export const textfilesOf = (file: string): string[] => [file, `${file}.new`, WRITTEN];
