import cluster from "node:cluster";
import process from "node:process";
import { isMainThread } from "@sockact/notify/internal";
import { readBooleanOption } from "../shared/environment-options.ts";
import { activation } from "./activation.ts";
import { classifyFromTables, findPassed, openAndClassify } from "./classify.ts";
import { CLUSTER_VARIABLE, parseClusterVariable } from "./cluster-variable.ts";
import { type ActivatedSocket, isFromSocketUnit, isServed, type PassedSocket } from "./passed-socket.ts";
import { findUdp } from "./proc/socket-tables.ts";
import { LISTEN_FDS_START, parseListenEnvironment } from "./protocol/parse-environment.ts";
import { readActivation, trustedEnvironment } from "./read.ts";
import { isSocketOnStandardInput } from "./standard-input.ts";

/** A socket that was passed to this process, which may not have taken it yet. */
export interface AnnouncedSocket extends Pick<ActivatedSocket, "fd" | "name"> {
  /** What /proc tells of it, or what is known since it was opened. Undefined where only opening it would tell. */
  readonly facts: ActivatedSocket | undefined;
  /** Whether something in this process serves it. */
  readonly isServed: boolean;
}

/** The sockets that were found before anything has taken them. */
let announced: PassedSocket[] | undefined;

/** The names that are announced to this process. Undefined where none are, where something has taken the sockets already, and where a variable is malformed. */
export function announcedNames(): readonly string[] | undefined {
  try {
    return readNames();
  } catch {
    return undefined;
  }
}

function readNames(): readonly string[] | undefined {
  if (activation.result !== undefined || isClusterWorker()) return undefined;
  const env = trustedEnvironment({ ...process.env }, readBooleanOption("trustParent", undefined));
  const environment = parseListenEnvironment(env, process.pid);
  return environment.activated ? environment.names : undefined;
}

/**
 * The sockets of socket units that were passed to this process. Looks without taking: the variables stay in the environment, and nothing is opened. A worker of
 * node:cluster, and a process with a socket on its standard input, take what is theirs.
 *
 * @throws ActivationError what activatedSockets() throws
 */
export function announcedSockets(): readonly AnnouncedSocket[] {
  const names = readNames();
  if (names === undefined) {
    announced = undefined;
    return describe(readActivation().sockets);
  }
  announced ??= findPassed(names.map((name, index) => ({ fd: LISTEN_FDS_START + index, name })));
  for (const passedSocket of announced) passedSocket.claimed = activation.numbersInUse.has(passedSocket.fd);
  return describe(announced);
}

function describe(sockets: readonly PassedSocket[]): AnnouncedSocket[] {
  return sockets.filter(mayBeFromSocketUnit).map((passedSocket) => ({
    fd: passedSocket.fd,
    name: passedSocket.name,
    get facts() {
      classifyFromTables(sockets);
      return passedSocket.classified ?? udpFacts(passedSocket);
    },
    get isServed() {
      return isServed(passedSocket);
    },
  }));
}

/** As isFromSocketUnit(), which opens a socket of the name `notify`. */
function mayBeFromSocketUnit(passedSocket: PassedSocket): boolean {
  return (
    (passedSocket.name !== "notify" || passedSocket.classified !== undefined) &&
    isFromSocketUnit(passedSocket)
  );
}

function udpFacts({ fd, name, inode }: PassedSocket): ActivatedSocket | undefined {
  const udp = inode === undefined ? undefined : findUdp(inode);
  return udp && { fd, name, kind: "datagram", ...udp };
}

/**
 * Takes the sockets, and opens those of which /proc tells nothing.
 *
 * @throws ActivationError what activatedSockets() throws
 */
export function openAnnounced(): readonly AnnouncedSocket[] {
  const { sockets } = readActivation();
  openAndClassify(sockets.filter(({ claimed }) => !claimed));
  return describe(sockets);
}

/** Which part a process has in a service. */
export type ProcessRole =
  /** Sockets were passed to it, or to the primary of node:cluster of which it is a worker. */
  | "activated"
  /** None were passed to it, but the service manager waits for its messages. */
  | "supervised"
  /** Sockets were passed to another process, which may be one that has started it. */
  | "descendant"
  /** The service manager has started it, and passed it nothing. */
  | "started"
  /** It has none of these, or is a worker thread. */
  | "other";

/**
 * Finds out which part this process has in a service. Changes nothing. Where a variable is malformed, it is `activated`: so it gets the error when it listens.
 */
export function processRole(): ProcessRole {
  if (!isMainThread()) return "other";
  try {
    return readRole();
  } catch {
    // Whoever listens gets the error.
    return "activated";
  }
}

function readRole(): ProcessRole {
  const { env, pid, ppid } = process;
  if (activation.result !== undefined && "activated" in activation.result && activation.result.activated)
    return "activated";
  if (isClusterWorker()) {
    const ofPrimary =
      parseClusterVariable(env[CLUSTER_VARIABLE], ppid) ?? parseListenEnvironment(env, ppid).activated;
    return ofPrimary === false ? "other" : "activated";
  }
  if (readNames() !== undefined || isSocketOnStandardInput()) return "activated";
  // The variables are inherited: without its pid, they may be those of its parent.
  const isStarted = env["SYSTEMD_EXEC_PID"] === String(pid);
  if (isStarted && env["NOTIFY_SOCKET"]) return "supervised";
  if (env["LISTEN_FDS"] !== undefined) return "descendant";
  return isStarted ? "started" : "other";
}

/** Only a process with a channel to its parent has `connected`, and others need not wait until node:cluster is loaded. */
function isClusterWorker(): boolean {
  return process.connected !== undefined && cluster.isWorker;
}

/** Warns, once, if the sockets were passed to a process that has started this one. Removes the variables, as with every process that asks for its sockets. */
export function warnIfPassedElsewhere(): void {
  readActivation();
}
