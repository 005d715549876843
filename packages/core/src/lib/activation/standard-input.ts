import { spawnSync } from "node:child_process";
import { createReadStream, type ReadStream } from "node:fs";
import process from "node:process";
import { findPassed } from "./classify.ts";
import { ActivationError } from "../shared/errors.ts";
import { inodeOf, type PassedSocket } from "./passed-socket.ts";

/**
 * Claims the socket on standard input, if it is from a socket unit. Such a socket has an address, unlike the
 * socket pair between a parent and its child. The app then finds standard input empty, as in any other
 * service.
 *
 * @throws ActivationError `SOCKACT_ERR_SOCKET_OUTPUT`
 */
export function takeOverStandardInput(): PassedSocket | undefined {
  const [found] = findPassed([{ fd: 0, name: "unknown" }]) as [PassedSocket];
  const { kind, address } = found.socket;
  const isMeant = kind === "connection" || kind === "listener" || kind === "datagram";
  if (!isMeant || address === null || address === "") return undefined;
  if (kind === "connection") refuseOutputs(found.inode as number);
  emptyStandardInput();
  // systemd uses this name for a connection with a name.
  const name = kind === "connection" ? "connection" : found.socket.name;
  const socket = Object.freeze({ ...found.socket, name });
  return { ...found, name, socket, classified: socket };
}

/**
 * Throws if standard output is the same socket, as without `StandardOutput=`: the app's output would go to
 * the client, between the responses.
 */
function refuseOutputs(inode: number): void {
  const [output, error] = [1, 2].map((fd) => inodeOf(fd) === inode);
  if (!output && !error) return;
  const refusal = new ActivationError(
    "SOCKACT_ERR_SOCKET_OUTPUT",
    "With StandardInput=socket, standard output is the connection too: everything that the app prints would go to the client",
    "Write StandardOutput=journal in the service unit, or leave StandardInput= out: then the connection is passed as descriptor 3.",
  );
  // On standard error, only the client would see the error, so systemd-cat writes it to the journal. journald
  // looks up the sender when it reads the line, so the sender waits a moment.
  if (error) {
    const lines = `${refusal.code}: ${refusal.message}.\n${refusal.hint}`;
    const write = ["sh", "-c", 'echo "$1"; sleep 0.2', "sh", lines];
    spawnSync("systemd-cat", ["--identifier=sockact", "--priority=err", ...write], { stdio: "ignore" });
  }
  throw refusal;
}

/** Patches process.stdin, so that no code reads the client's data. */
function emptyStandardInput(): void {
  let stdin: ReadStream | undefined;
  Object.defineProperty(process, "stdin", {
    configurable: true,
    enumerable: true,
    get: () => (stdin ??= createReadStream("/dev/null")),
  });
}
