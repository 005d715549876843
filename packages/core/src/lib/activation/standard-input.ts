import { spawnSync } from "node:child_process";
import { createReadStream, type ReadStream } from "node:fs";
import process from "node:process";
import { findPassed } from "./classify.ts";
import { ActivationError } from "../shared/errors.ts";
import { inodeOf, type PassedSocket } from "./passed-socket.ts";

/**
 * Whether standard input may be a socket of a socket unit (`StandardInput=socket`), for which systemd sets no LISTEN_ variable. Only where
 * systemd has started this very process: what any other has for its standard input is no concern of ours. Cheap, and reads nothing.
 */
export function isSocketOnStandardInput(): boolean {
  const { SYSTEMD_EXEC_PID, INVOCATION_ID, REMOTE_ADDR } = process.env;
  // Before systemd 248 there was no SYSTEMD_EXEC_PID.
  const isStarted =
    SYSTEMD_EXEC_PID === undefined
      ? (INVOCATION_ID ?? REMOTE_ADDR) !== undefined
      : SYSTEMD_EXEC_PID === String(process.pid);
  return isStarted && typeof inodeOf(0) === "number";
}

/**
 * The socket on standard input, if a socket unit has put it there: one with an address, since a parent talks to its child over a pair of
 * unix sockets that have none. The app then finds its standard input empty, as in any other service.
 *
 * @throws ActivationError `ERR_SOCKET_OUTPUT`
 */
export function takeOverStandardInput(): PassedSocket | undefined {
  if (!isSocketOnStandardInput()) return undefined;
  const [found] = findPassed([{ fd: 0, name: "unknown" }]) as [PassedSocket];
  const { kind, address } = found.socket;
  const isMeant = kind === "connection" || kind === "listener" || kind === "datagram";
  if (!isMeant || address === null || address === "") return undefined;
  if (kind === "connection") refuseOutputs(found.inode as number);
  emptyStandardInput();
  // What systemd calls it where it passes it with a name.
  const name = kind === "connection" ? "connection" : found.socket.name;
  const socket = Object.freeze({ ...found.socket, name });
  return { ...found, name, socket, classified: socket };
}

/** Without `StandardOutput=`, what an app prints goes where its input comes from: to the client, amid the answers. */
function refuseOutputs(inode: number): void {
  const [output, error] = [1, 2].map((fd) => inodeOf(fd) === inode);
  if (!output && !error) return;
  const refusal = new ActivationError(
    "ERR_SOCKET_OUTPUT",
    "With StandardInput=socket, standard output is the connection too: everything that the app prints would go to the client",
    "Write StandardOutput=journal in the service unit, or leave StandardInput= out: then the connection is passed as descriptor 3.",
  );
  // Nobody but the client would read of it. The journal looks up whose line it is while it reads it: so the writer stays a moment.
  if (error) {
    const lines = `${refusal.code}: ${refusal.message}.\n${refusal.hint}`;
    const write = ["sh", "-c", 'echo "$1"; sleep 0.2', "sh", lines];
    spawnSync("systemd-cat", ["--identifier=sockact", "--priority=err", ...write], { stdio: "ignore" });
  }
  throw refusal;
}

/** Patches process.stdin: whoever reads it must not read what the client sends. */
function emptyStandardInput(): void {
  let stdin: ReadStream | undefined;
  Object.defineProperty(process, "stdin", {
    configurable: true,
    enumerable: true,
    get: () => (stdin ??= createReadStream("/dev/null")),
  });
}
