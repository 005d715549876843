import { sudoCommand } from "../../shared/own-command.ts";
import { shellWord } from "../../shared/shell-words.ts";
import { ADDRESS_IN_USE } from "../../printed/node.ts";
import { IN_USE, LISTEN_FAILED } from "../../printed/systemd.ts";
import type { Diagnosis, Evidence, Found } from "../model/diagnosis.ts";
import { type JournalLine, lastRun } from "../facts/journal.ts";
import type { ListeningSocket } from "../../systemd/listening-sockets.ts";
import { describeProcess, holders, listeningSockets } from "../facts/listening.ts";
import { addressesOf, passedSockets, portOf } from "../facts/passed-sockets.ts";
import { socketProperties, type UnitProperties } from "../facts/properties.ts";
import type { Subject } from "../model/subject.ts";

/** The address that a line of systemd says is in use. */
function addressInUse({ message }: JournalLine): string | undefined {
  const [, address, reason] = LISTEN_FAILED.exec(message) ?? [];
  return reason === IN_USE ? address : undefined;
}

/** Another process listens on the port. */
export const portTaken: Diagnosis = {
  code: "port-taken",
  severity: "error",
  title: "another process uses the port",
  why: "Only one of them can listen. Nothing reaches the service until the port is free.",
  looksAt:
    "`EADDRINUSE` in the journal of each unit, the sockets that listen on this machine, and the process that owns each of them.",
  remedy: "Stop the other process, or change the port. Then start the socket with `systemctl start`.",
  explains: ["socket-failed", "not-enabled", "app-crashed", "restart-loop"],
  async find(subject) {
    const [sockets, lines, passed] = await Promise.all([
      subject.get(socketProperties),
      subject.get(lastRun),
      subject.get(passedSockets),
    ]);
    const failed = sockets.filter((socket) => socket.get("ActiveState") === "failed");
    const ofSockets = await Promise.all(
      failed.map(async (socket): Promise<Refusal | undefined> => {
        const { unit } = socket;
        const line = lines.findLast((each) => each.unit === unit && addressInUse(each) !== undefined);
        if (line === undefined) return refusalWithoutJournal(subject, socket);
        const evidence = { text: line.message, source: `journal of ${unit}` };
        return { unit, address: addressInUse(line)!, evidence };
      }),
    );
    const ports = new Set(passed.flatMap(({ address }) => portOf(address) ?? []));
    // If the port is the socket's own, the app opens it itself. Another diagnosis reports that.
    const ofApp = lines.filter((line) => {
      const address = ADDRESS_IN_USE.exec(line.message)?.[1];
      return line.unit === subject.service && address !== undefined && !ports.has(portOf(address) ?? -1);
    });
    const ofService = ofApp.slice(-1).map(({ unit, message }) => ({
      unit,
      address: ADDRESS_IN_USE.exec(message)![1]!,
      evidence: { text: message, source: `journal of ${unit}` },
    }));
    const refusals = [...ofSockets.filter((refusal) => refusal !== undefined), ...ofService];
    return Promise.all(refusals.map((refusal) => foundFor(subject, refusal)));
  },
};

/** A unit that could not listen. */
interface Refusal {
  unit: string;
  address: string;
  evidence: Evidence;
}

/** Without the journal, `Result=resources` and an address in use give the same information. */
async function refusalWithoutJournal(
  { host }: Subject,
  socket: UnitProperties,
): Promise<Refusal | undefined> {
  if (socket.get("Result") !== "resources") return undefined;
  const listening = await host.get(listeningSockets);
  const taken = addressesOf(socket).find(({ address }) => listening.some((each) => conflicts(each, address)));
  return (
    taken && {
      unit: socket.unit,
      address: taken.address,
      evidence: { text: "Result=resources", source: `${host.manager.systemctl} show ${socket.unit}` },
    }
  );
}

async function foundFor(subject: Subject, { unit, address, evidence }: Refusal): Promise<Found> {
  const { systemctl } = subject.host.manager;
  const owners = await ownersOf(subject, address);
  const [owner] = owners;
  const port = portOf(address);
  const look = port === undefined ? `sudo ss -lxp src ${address}` : `sudo ss -ltnp sport = :${port}`;
  const end =
    owner === undefined
      ? look
      : owner.unit === undefined
        ? `kill ${owner.pid}`
        : `${systemctl} disable --now ${owner.unit}`;
  return {
    unit,
    message: `${unit} can't listen on ${address}: it is in use by ${owners.map(({ who }) => who).join(" and ") || "another process"}.`,
    evidence: [evidence, ...owners.map((each) => each.evidence)],
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

/** The processes whose sockets block this address. */
async function ownersOf(subject: Subject, address: string): Promise<Owner[]> {
  const { host } = subject;
  const [listening, known] = await Promise.all([host.get(listeningSockets), host.get(holders)]);
  const rivals = listening.filter((socket) => conflicts(socket, address));
  const owners = await Promise.all(
    rivals.map(async (socket): Promise<Owner | undefined> => {
      const pids = known.get(socket.inode) ?? [];
      // Both systemd and the service have the socket open. Name the service.
      const pid = pids.find((each) => each !== 1) ?? pids[0];
      if (pid === undefined) {
        host.cannotSee(
          `You may not see which process listens on ${socket.address}.`,
          `${sudoCommand()} doctor ${shellWord(subject.service)}`,
        );
        return undefined;
      }
      const { command, unit } = await describeProcess(host, pid);
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

/** The socket unit that systemd listens for on this address. */
async function socketUnitAt({ host }: Subject, address: string): Promise<string> {
  const { stdout } = await host.manager.run("list-sockets", "--all", "--full", "--output=json");
  const rows = JSON.parse(stdout || "[]") as { listen: string; unit: string }[];
  return rows.find(({ listen }) => listen === address)?.unit ?? "";
}

/** Whether a listening socket blocks an address. `[::]` includes IPv4, and a wildcard address includes each interface. */
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
