import { fork } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { CliError, EXIT } from "../shared/cli-error.ts";
import type { Target } from "./address.ts";

export interface BindRequest {
  path?: string;
  port?: number;
  host?: string;
  isDatagram: boolean;
  /** The process ID of the requesting process. */
  parent: number;
}
export type BindAnswer =
  | { port?: number | undefined }
  | { error: { code?: string | undefined; message: string } };

/** A listening socket from which this process never accepts: no event loop polls it. */
export interface BoundSocket {
  fd: number;
  /** The port that the kernel chose for port 0; undefined for a unix socket. */
  port: number | undefined;
}

/** How many of these processes may run at once. */
const MOST_AT_ONCE = 8;
const turns = Array.from<unknown, Promise<unknown>>({ length: MOST_AT_ONCE }, () => Promise.resolve());
let next = 0;

/**
 * Binds a socket in a separate process, programs/bind-socket.ts. Each socket needs its own: a process that
 * has sent its first socket would accept from it while it binds the next.
 */
export function bind(text: string, target: Target, isDatagram: boolean): Promise<BoundSocket> {
  const turn = next++ % MOST_AT_ONCE;
  const bound = (turns[turn] as Promise<unknown>).then(() =>
    bindNow(text, { ...target, isDatagram, parent: process.pid }),
  );
  turns[turn] = bound.catch(() => {});
  return bound;
}

function bindNow(text: string, request: BindRequest): Promise<BoundSocket> {
  const child = fork(fileURLToPath(new URL("bind-socket.cjs", import.meta.url)), [JSON.stringify(request)], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    execArgv: [],
    // Without NODE_OPTIONS: this process must not load the user's modules.
    env: { ...process.env, NODE_OPTIONS: undefined },
  });
  return new Promise((resolve, reject) => {
    child.on("message", (answer: BindAnswer, handle) => {
      if ("error" in answer) return reject(listenError(text, answer.error));
      kept.push(handle);
      resolve({ fd: (handle as unknown as { fd: number }).fd, port: answer.port });
    });
    child.on("error", (error) => reject(listenError(text, error)));
    const ended = new Promise<string>((end) =>
      child.on("exit", (code, signal) => end(signal ?? `code ${code}`)),
    );
    // The process may end before its answer is read. The channel closes after the answer.
    child.on("disconnect", () => {
      void ended.then((ending) =>
        reject(
          listenError(
            text,
            // The process kills itself after it has sent the socket. If the socket does not arrive, no
            // descriptor was free here.
            ending === "SIGKILL"
              ? { code: "EMFILE", message: "no descriptor is free for the socket (EMFILE)" }
              : { message: `the process that binds the socket ended with ${ending}` },
          ),
        ),
      );
    });
  });
}

/** Garbage collection of a handle would close its socket. */
const kept: unknown[] = [];

/** The hint for each error of bind(2) and listen(2). */
const hints: Record<string, (text: string) => string> = {
  EADDRINUSE: (text) =>
    /^[/@]/.test(text)
      ? `Another process listens there: lsof ${text} shows it. Stop it, or use another address with -l.`
      : `Another process listens there: lsof -i :${portOf(text)} shows it. Stop it, or use another port: -l ${movedBy(portOf(text) === 65_535 ? -1 : 1, text)}`,
  EACCES: (text) =>
    /^[/@]/.test(text)
      ? "You may not create files in this folder. Use another one."
      : `On this machine, only root may open this port. Use a port from 1024 on: -l ${movedBy(8000, text)}`,
  EADDRNOTAVAIL: () => "This machine does not have the address.",
  EAFNOSUPPORT: () => "This machine does not have the protocol: use an IPv4 address.",
  EMFILE: () =>
    "This process may not open more files: raise the limit with ulimit -n 1024, or use fewer addresses.",
  EROFS: () => "The file system is read-only. Use another folder.",
};

const portOf = (text: string): number => Number(/\d+$/.exec(text)?.[0]);
const movedBy = (ports: number, text: string): string =>
  text.replace(/\d+$/, (port) => String(Number(port) + ports));

export function listenError(
  text: string,
  { code: errno = "", message }: { code?: string | undefined; message: string },
): CliError {
  return new CliError(
    "SOCKACT_ERR_RUN_LISTEN",
    `can't listen on ${text}: ${message}`,
    hints[errno]?.(text) ?? "Use another address.",
    { exitCode: EXIT.failed, errno },
  );
}

/** Whether this machine does not have the second address of localhost: without IPv6, there is no ::1. */
export function isAddressMissing(error: unknown): boolean {
  return error instanceof CliError && ["EADDRNOTAVAIL", "EAFNOSUPPORT"].includes(error.errno ?? "");
}
