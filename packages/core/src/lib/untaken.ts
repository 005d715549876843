import type { Server } from "node:net";
import process from "node:process";
import { activation, passedSoFar } from "./activation.ts";
import { tellWhenReady } from "./lifecycle/ready.ts";
import { isOpen, isWaitedFor, type PassedSocket } from "./passed-socket.ts";
import { once, processState } from "./process-state.ts";
import { warn } from "./warn.ts";

/** How long a socket may stay without a server while the app starts, in milliseconds: until the first is taken, and after the last. */
const STARTING_MS = 30_000;
const STARTED_MS = 5_000;

/** How long another server may still take the sockets after one has begun to listen elsewhere, in milliseconds. */
const ELSEWHERE_MS = 1_000;

const untaken = processState("untaken", {
  timer: undefined as NodeJS.Timeout | undefined,
  /** Those that have been warned of, by number. */
  reported: new Set<number>(),
});

/** Warns of the sockets that still have no server a while after the last one was taken, or at the end. */
export function warnOfUntakenLater(passed: readonly PassedSocket[]): void {
  clearTimeout(untaken.timer);
  const grace = passed.some(({ taken }) => taken) ? STARTED_MS : STARTING_MS;
  untaken.timer = setTimeout(() => {
    warnOf(passed.filter(isWaitedFor));
    activation.untakenReported = true;
    tellWhenReady();
  }, grace).unref();
  // By then a datagram socket may have been used and let go. A listener that was is closed.
  once("watch for the end", () =>
    process.once("beforeExit", () =>
      warnOf(passed.filter((one) => isWaitedFor(one) && one.socket.kind !== "datagram" && isOpen(one))),
    ),
  );
}

/** A server of HTTP is told to listen, and it is not one that takes the sockets: it may be the app all the same. */
export function warnIfUntakenBeside(server: Server): void {
  if (server.listenerCount("request") === 0 || !passedSoFar().some(isWaitedFor)) return;
  server.once("listening", () => {
    const address = addressOf(server);
    setTimeout(
      () =>
        warnOf(
          passedSoFar().filter(isWaitedFor),
          `, and a server of this process listens on ${address} instead`,
        ),
      ELSEWHERE_MS,
    ).unref();
  });
}

/** `systemdListen()` was called for an app that a server serves already, somewhere else. */
export function warnOfLateCall(server: Server): void {
  warnOf(
    passedSoFar().filter(isWaitedFor),
    `: systemdListen() was called after listen(), and the app listens on ${addressOf(server)} instead`,
    "Call systemdListen() before listen().",
  );
}

function addressOf(server: Server): string {
  const address = server.address();
  return typeof address === "object" && address !== null ? `port ${address.port}` : String(address);
}

function warnOf(
  sockets: readonly PassedSocket[],
  cause = "",
  hint = "Name the socket in systemdListen({ name }), or remove it from the socket unit. When the app is wrapped in a function " +
    "(http.createServer((req, res) => app(req, res))), sockact can't see it: call listen(server) of @sockact/core instead of server.listen().",
): void {
  const unreported = sockets.filter(({ socket }) => !untaken.reported.has(socket.fd));
  if (unreported.length === 0) return;
  for (const { socket } of unreported) untaken.reported.add(socket.fd);
  const list = unreported
    .map(({ socket: { fd, name, address } }) => `${name} (fd ${fd}${address === null ? "" : `, ${address}`})`)
    .join(", ");
  warn(
    "SOCKACT_UNTAKEN",
    `Nothing in this process serves ${list}${cause}. Clients that connect there wait in vain.`,
    hint,
  );
}
