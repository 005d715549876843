import { explainNotActivated } from "./not-activated.ts";
import { load } from "../shared/load.ts";
import cluster from "node:cluster";
import { readFileSync } from "node:fs";
import process from "node:process";
import { isMainThread } from "@sockact/shared/notify";
import { isVariableSet, readBooleanOption } from "../shared/environment-options.ts";
import { activation } from "./activation.ts";
import { classifyFromTables, findPassed, openAndClassify } from "./classify.ts";
import { CLUSTER_VARIABLE, parseClusterVariable } from "./cluster-variable.ts";
import {
  type ActivatedSocket,
  isForSockact,
  isFromSocketUnit,
  isServed,
  type PassedSocket,
} from "./passed-socket.ts";
import { findUdp } from "./proc/socket-tables.ts";
import { LISTEN_FDS_START, parseListenEnvironment } from "./protocol/parse-environment.ts";
import { readActivation, trustedEnvironment } from "./read.ts";
import { isSocketOnStandardInput } from "./passed-socket.ts";

/** A socket that was passed to this process, possibly unclaimed. */
export interface AnnouncedSocket extends Pick<ActivatedSocket, "fd" | "name"> {
  /**
   * The kind, family and address, from /proc or the opened socket. Undefined if only opening the socket would
   * show them.
   */
  readonly facts: ActivatedSocket | undefined;
  /** Whether a server in this process serves it. */
  readonly isServed: boolean;
}

/** The sockets found before the first claim. */
let announced: PassedSocket[] | undefined;

/**
 * The names of the sockets announced to this process. Undefined if there are none, if they are already
 * claimed, or if a variable is malformed.
 */
export function announcedNames(): readonly string[] | undefined {
  try {
    return readNames();
  } catch {
    return undefined;
  }
}

function readNames(): readonly string[] | undefined {
  if (activation.result !== undefined || isClusterWorker()) return undefined;
  const env = trustedEnvironment({ ...process.env }, readBooleanOption("ignoreListenPid", undefined));
  const environment = parseListenEnvironment(env, process.pid);
  return environment.activated ? environment.names : undefined;
}

/**
 * Lists the sockets of socket units that were passed to this process, without claiming them: the variables
 * stay in the environment, and nothing is opened. Only a worker of node:cluster, and a process with a socket
 * on standard input, claim their sockets here.
 *
 * @throws ActivationError the errors of activatedSockets()
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

/** Like isFromSocketUnit(), but opens no socket that is for sockact itself. */
function mayBeFromSocketUnit(passedSocket: PassedSocket): boolean {
  return (
    (!isForSockact(passedSocket.name) || passedSocket.classified !== undefined) &&
    isFromSocketUnit(passedSocket)
  );
}

function udpFacts({ fd, name, inode }: PassedSocket): ActivatedSocket | undefined {
  const udp = inode === undefined ? undefined : findUdp(inode);
  return udp && { fd, name, kind: "datagram", ...udp };
}

/**
 * Claims the sockets, and opens those that are not in /proc.
 *
 * @throws ActivationError the errors of activatedSockets()
 */
export function openAnnounced(): readonly AnnouncedSocket[] {
  const { sockets } = readActivation();
  openAndClassify(sockets.filter(({ claimed }) => !claimed));
  return describe(sockets);
}

/** The role of a process in a service. */
export type ProcessRole =
  /** Sockets were passed to it, or to the primary of this worker of node:cluster. */
  | "activated"
  /** No sockets were passed to it, but the service manager expects messages. */
  | "supervised"
  /** No sockets were passed to it, but a variable asks for the lifecycle of servers on their own ports. */
  | "asked"
  /** Sockets were passed to another process, possibly a parent. */
  | "descendant"
  /** The service manager started it without sockets. */
  | "started"
  /** It has no other role, or is a worker thread. */
  | "other";

/**
 * Finds the role of this process in a service, without side effects. If a variable is malformed, the role is
 * `activated`, so the app gets the error when it listens.
 */
export function processRole(): ProcessRole {
  if (!isMainThread()) return "other";
  try {
    const role = readRole();
    if (role !== "activated" && role !== "other") load(explainNotActivated);
    return role;
  } catch {
    // A server gets the error when it listens.
    return "activated";
  }
}

function readRole(): ProcessRole {
  const { env, pid, ppid } = process;
  if (activation.result !== undefined && "activated" in activation.result && activation.result.activated)
    return "activated";
  if (isClusterWorker()) {
    const isOfPrimary =
      parseClusterVariable(env[CLUSTER_VARIABLE], ppid) !== undefined ||
      parseListenEnvironment(env, ppid).activated;
    return isOfPrimary ? "activated" : isLifecycleAsked() ? "asked" : "other";
  }
  if (readNames() !== undefined || isSocketOnStandardInput()) return "activated";
  // Child processes inherit the variables. Without this process's ID, they may be the parent's.
  const isStarted = env["SYSTEMD_EXEC_PID"] === String(pid);
  if (isStarted && env["NOTIFY_SOCKET"]) return "supervised";
  if (env["LISTEN_FDS"] !== undefined) return "descendant";
  if (isLifecycleAsked()) return "asked";
  return isStarted ? "started" : "other";
}

/**
 * Whether a variable asks for what sockact does without passed sockets. In a child process of a service, the
 * variables may be meant for the main process.
 */
function isLifecycleAsked(): boolean {
  if (!(["signals", "stopDelay", "health"] as const).some(isVariableSet)) return false;
  const main = process.env["SYSTEMD_EXEC_PID"];
  if (main === undefined || main === String(process.pid)) return true;
  try {
    // A terminal of a desktop is a service too, and its shells inherit SYSTEMD_EXEC_PID.
    return !readFileSync(`/proc/${main}/environ`, "latin1").includes("SOCKACT_");
  } catch {
    return false;
  }
}

/**
 * Whether this process is a worker of node:cluster. Only a process with a channel to its parent has
 * `connected`, so others do not load node:cluster.
 */
function isClusterWorker(): boolean {
  return process.connected !== undefined && cluster.isWorker;
}

/**
 * Warns once if the sockets were passed to a parent. Removes the variables, as every process that claims
 * sockets does.
 */
export function warnIfPassedElsewhere(): void {
  readActivation();
}
