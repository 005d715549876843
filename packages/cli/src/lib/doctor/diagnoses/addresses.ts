import { ADDRESS_IN_USE } from "../../printed/node.ts";
import { IN_USE, LISTEN_FAILED, NO_SUCH_ADDRESS, NOT_PERMITTED } from "../../printed/systemd.ts";
import { read } from "../../shared/proc.ts";
import { shellWord } from "../../shared/shell-words.ts";
import type { ListeningSocket } from "../../systemd/listening-sockets.ts";
import { METRICS } from "../../systemd/timed-service.ts";
import { environment, valueOf } from "../facts/files.ts";
import { type JournalLine, lastRun, quoted } from "../facts/journal.ts";
import { socketUnits, type Unit } from "../facts/units.ts";
import {
  addressesOf,
  describeProcess,
  holders,
  listeningSockets,
  passedSockets,
  portOf,
} from "../facts/sockets.ts";
import { addLines } from "../model/commands.ts";
import type { Diagnosis, Evidence, Found } from "../model/diagnosis.ts";
import type { Subject } from "../model/subject.ts";

const UNPRIVILEGED = "net.ipv4.ip_unprivileged_port_start";
const UNPRIVILEGED_FILE = "/proc/sys/net/ipv4/ip_unprivileged_port_start";

/** Ports and addresses on which a socket can't listen, or where clients do not expect it. */
export const addresses: readonly Diagnosis[] = [
  {
    code: "port-taken",
    severity: "error",
    title: "another process uses the port",
    why: "Only one of them can listen. Nothing reaches the service until the port is free.",
    looksAt:
      "`EADDRINUSE` in the journal of each unit, the sockets that listen on this machine, and the process that owns each of them.",
    remedy: "Stop the other process, or change the port. Then start the socket with `systemctl start`.",
    explains: ["socket-failed", "not-enabled", "app-crashed", "restart-loop"],
    async find(subject) {
      const [sockets, lines, passed] = await subject.all(socketUnits, lastRun, passedSockets);
      const failed = sockets.filter((socket) => socket.state === "failed");
      const ofSockets = await Promise.all(
        failed.map(async (socket): Promise<Refusal[]> => {
          const refused = lastRefusal(lines, socket.unit, IN_USE);
          return refused ? [refused] : refusalWithoutJournal(subject, socket);
        }),
      );
      const ports = new Set(passed.flatMap(({ address }) => portOf(address) ?? []));
      const ofApp = lines.flatMap((line): Refusal[] => {
        const address = ADDRESS_IN_USE.exec(line.message)?.[1];
        // If the port is the socket's own, the app opens it itself, which another diagnosis reports.
        if (line.unit !== subject.service || address === undefined || ports.has(portOf(address) ?? -1))
          return [];
        return [{ unit: line.unit, address, evidence: quoted([line]) }];
      });
      const refusals = [...ofSockets.flat(), ...ofApp.slice(-1)];
      return Promise.all(refusals.map((refusal) => portTaken(subject, refusal)));
    },
  },
  {
    code: "port-forbidden",
    severity: "error",
    title: "a user's service manager may not open the port",
    why: "Only root may open ports below net.ipv4.ip_unprivileged_port_start. The service manager of a user does not run as root.",
    looksAt:
      "`Permission denied` in the journal of each socket unit, and `net.ipv4.ip_unprivileged_port_start`.",
    remedy:
      "Use a port from 1024 on, use units of the system manager, or lower `net.ipv4.ip_unprivileged_port_start`.",
    explains: ["socket-failed", "not-enabled"],
    async find(subject) {
      const [sockets, lines] = await subject.all(socketUnits, lastRun);
      const lowest = Number(read(UNPRIVILEGED_FILE) || 1024);
      const failed = sockets.filter((socket) => socket.state === "failed");
      return failed.flatMap(({ unit }) => {
        const refused = lastRefusal(lines, unit, NOT_PERMITTED);
        const port = portOf(refused?.address ?? "");
        if (refused === undefined || port === undefined || port >= lowest) return [];
        return {
          unit,
          message: `${unit} may not listen on port ${port}: without root, the lowest port is ${lowest}.`,
          evidence: [...refused.evidence, { text: `${UNPRIVILEGED} = ${lowest}`, source: UNPRIVILEGED_FILE }],
          fix: `Install the units for the system manager, or change ListenStream= to a port such as ${port + 8000}. Or let every user of this machine open the port:`,
          copy: [
            `echo ${UNPRIVILEGED}=${port} | sudo tee /etc/sysctl.d/50-ports.conf`,
            "sudo sysctl --system",
            `${subject.systemctl} start ${unit}`,
          ],
        };
      });
    },
  },
  {
    code: "address-missing",
    severity: "error",
    title: "this machine does not have the socket's address",
    why: "A socket can listen only on an address that a network interface has. At boot, systemd opens sockets before the network is up.",
    looksAt: "EADDRNOTAVAIL in the journal of each socket unit.",
    remedy: "Write `FreeBind=yes` into the socket unit, or use another address.",
    explains: ["free-bind", "socket-failed"],
    async find(subject) {
      const [sockets, lines] = await subject.all(socketUnits, lastRun);
      return sockets.flatMap((socket) => {
        const { unit } = socket;
        const said = lines.findLast((line) => line.unit === unit && line.message.includes(NO_SUCH_ADDRESS));
        if (socket.state === "active" || said === undefined) return [];
        const address = LISTEN_FAILED.exec(said.message)?.[1] ?? "its address";
        return {
          unit,
          message: `${unit} can't listen on ${address}: no network interface has this address.`,
          evidence: quoted([said]),
          fix: "If the interface gets the address later, FreeBind=yes lets systemd open the socket before. Otherwise correct the address. The command ip address lists the addresses of this machine.",
          copy: addLines(subject, unit, "FreeBind=yes"),
        };
      });
    },
  },
  {
    code: "loopback-only",
    severity: "info",
    title: "only this machine can connect to the socket",
    why: "127.0.0.1 and ::1 are addresses of the machine itself. This is right if a proxy on the same machine connects to the app.",
    looksAt: "`Listen` of the socket units.",
    remedy: "If other machines must connect, write only the port, such as `ListenStream=80`.",
    async find(subject) {
      const found = (await subject.get(socketUnits)).flatMap((socket) =>
        addressesOf(socket).map((listen) => ({ socket, ...listen })),
      );
      const [first] = found;
      // sockact has chosen its address.
      if (subject.name === METRICS) return [];
      const isLoopback = /^(?:127\.\d+\.\d+\.\d+|\[::1\]):\d+$/;
      if (first === undefined || !found.every(({ address }) => isLoopback.test(address))) return [];
      const { socket, address } = first;
      return {
        unit: socket.unit,
        message: `${socket.unit} listens on ${address}, so only programs on this machine can connect.`,
        evidence: [socket.evidence(found.map((each) => `Listen=${each.address} (${each.type})`).join("\n"))],
        fix: "If other machines must connect, listen on the port without an address.",
        copy: addLines(subject, socket.unit, "ListenStream=", `ListenStream=${portOf(address)}`),
      };
    },
  },
  {
    code: "port-ignored",
    severity: "info",
    title: "PORT does not set the port of the app",
    why: "The app listens on the sockets that systemd passes to it, whatever the port in its code or in PORT.",
    looksAt: "`PORT` of the service, and `Listen` of its socket units.",
    remedy:
      "Write the port into `ListenStream=` of the socket unit. `PORT` has an effect only when you start the app yourself.",
    async find(subject) {
      const [variables, sockets] = await subject.all(environment, socketUnits);
      const port = valueOf(variables, "PORT");
      const [first] = sockets;
      const found = sockets.flatMap(addressesOf).map(({ address }) => address);
      if (port === undefined || first === undefined || found.length === 0) return [];
      if (found.some((address) => address.endsWith(`:${port}`))) return [];
      return {
        message: `PORT is set, but the app listens on ${found.join(", ")}.`,
        evidence: [first.evidence(found.map((address) => `Listen=${address}`).join("\n"))],
        fix: `To change the port, change ListenStream= of ${first.unit}.`,
      };
    },
  },
];

/** A unit that could not listen. */
interface Refusal {
  unit: string;
  address: string;
  evidence: readonly Evidence[];
}

/** The last time a socket unit could not listen for this reason. */
function lastRefusal(lines: readonly JournalLine[], unit: string, reason: string): Refusal | undefined {
  const refusals = lines.flatMap((line): Refusal[] => {
    const [, address = "", why] = LISTEN_FAILED.exec(line.message) ?? [];
    return line.unit === unit && why === reason ? [{ unit, address, evidence: quoted([line]) }] : [];
  });
  return refusals.at(-1);
}

/** Without the journal, `Result=resources` and an address in use show the same. */
async function refusalWithoutJournal({ host }: Subject, socket: Unit): Promise<Refusal[]> {
  if (socket.get("Result") !== "resources") return [];
  const listening = await host.get(listeningSockets);
  const taken = addressesOf(socket).find(({ address }) => listening.some((each) => conflicts(each, address)));
  return taken ? [{ unit: socket.unit, address: taken.address, evidence: socket.show("Result") }] : [];
}

async function portTaken(subject: Subject, { unit, address, evidence }: Refusal): Promise<Found> {
  const { systemctl } = subject;
  const owners = await ownersOf(subject, address);
  const [owner] = owners;
  const port = portOf(address);
  const look = port === undefined ? `sudo ss -lxp src ${address}` : `sudo ss -ltnp sport = :${port}`;
  const end =
    owner === undefined
      ? look
      : owner.unit === undefined
        ? `kill ${owner.pid}`
        : `${systemctl} disable --now ${shellWord(owner.unit)}`;
  return {
    unit,
    message: `${unit} can't listen on ${address}: it is in use by ${owners.map(({ who }) => who).join(" and ") || "another process"}.`,
    evidence: [...evidence, ...owners.map((each) => each.evidence)],
    fix:
      owner?.unit === undefined
        ? "Stop the other process, or choose another port for this service."
        : `Stop ${owner.unit} permanently, or choose another port for this service.`,
    copy: [end, `${systemctl} start ${unit.endsWith(".socket") ? unit : subject.sockets.join(" ")}`],
  };
}

interface Owner {
  who: string;
  pid: number;
  unit: string | undefined;
  evidence: Evidence;
}

/** The processes that use this address. */
async function ownersOf(subject: Subject, address: string): Promise<Owner[]> {
  const { host } = subject;
  const [listening, known] = await Promise.all([host.get(listeningSockets), host.get(holders)]);
  const rivals = listening.filter((socket) => conflicts(socket, address));
  const owners = await Promise.all(
    rivals.map(async (socket): Promise<Owner | undefined> => {
      const pids = known.get(socket.inode) ?? [];
      // Both systemd and the service have the socket open. Report the service.
      const pid = pids.find((each) => each !== 1) ?? pids[0];
      if (pid === undefined) {
        host.cannotSee(
          `You may not see which process listens on ${socket.address}.`,
          subject.command("doctor"),
        );
        return undefined;
      }
      const { command, unit } = describeProcess(host, pid);
      const owner = pid === 1 ? await socketUnitAt(subject, socket.address) : unit;
      const isUnit = /\.(?:service|socket)$/.test(owner) && owner !== subject.service;
      return {
        pid,
        unit: isUnit ? owner : undefined,
        who: isUnit ? owner : `process ${pid} (${command.slice(0, 60)})`,
        evidence: {
          text: `${socket.address} is open in process ${pid}: ${command.slice(0, 120)}`,
          source: isUnit ? `/proc/${pid}/fd, of ${owner}` : `/proc/${pid}/fd`,
        },
      };
    }),
  );
  return owners.filter((owner) => owner !== undefined);
}

/** The socket unit of this address. */
async function socketUnitAt({ host }: Subject, address: string): Promise<string> {
  const { stdout } = await host.manager.run("list-sockets", "--all", "--full", "--output=json");
  const rows = JSON.parse(stdout || "[]") as { listen: string; unit: string }[];
  return rows.find(({ listen }) => listen === address)?.unit ?? "";
}

/**
 * Whether a listening socket conflicts with an address. `[::]` includes IPv4, and a wildcard includes every
 * interface.
 */
function conflicts({ address: has, protocol }: ListeningSocket, wanted: string): boolean {
  const port = portOf(wanted);
  if (port === undefined || protocol !== "tcp") return has === wanted;
  // Node writes `:::3000`, systemd `[::]:3000`.
  const hostOf = (text: string): string => text.slice(0, text.lastIndexOf(":")).replaceAll(/[[\]]/g, "");
  const isAny = (host: string): boolean => ["::", "0.0.0.0", "*"].includes(host);
  return (
    portOf(has) === port && (hostOf(has) === hostOf(wanted) || isAny(hostOf(has)) || isAny(hostOf(wanted)))
  );
}
