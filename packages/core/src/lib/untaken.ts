import process from "node:process";
import { tellWhenReady } from "./lifecycle/ready.ts";
import { isOpen, isWaitedFor, type PassedSocket } from "./passed-socket.ts";
import { once, state } from "./state.ts";
import { warn } from "./warn.ts";

/** How long a socket may stay without a server while the app starts, in milliseconds: until the first is taken, and after the last. */
const STARTING = 30_000;
const STARTED = 5_000;

/** Warns of the sockets that still have no server a while after the last one was taken, or at the end. */
export function warnOfUntakenLater(passed: readonly PassedSocket[]): void {
  clearTimeout(state.untakenTimer);
  const grace = passed.some(({ taken }) => taken) ? STARTED : STARTING;
  state.untakenTimer = setTimeout(() => {
    warnOf(passed.filter(isWaitedFor));
    state.untakenTold = true;
    tellWhenReady();
  }, grace).unref();
  // By then a datagram socket may have been used and let go. A listener that was is closed.
  once("watch for the end", () =>
    process.once("beforeExit", () =>
      warnOf(passed.filter((one) => isWaitedFor(one) && one.socket.kind !== "datagram" && isOpen(one))),
    ),
  );
}

function warnOf(untaken: readonly PassedSocket[]): void {
  if (untaken.length === 0) return;
  const list = untaken
    .map(({ socket: { fd, name, address } }) => `${name} (fd ${fd}${address === null ? "" : `, ${address}`})`)
    .join(", ");
  warn(
    "SOCKACT_UNTAKEN",
    `Nothing in this process serves ${list}: clients that connect there wait in vain.`,
    "Name the socket in systemdListen({ name }), or remove it from the socket unit. When the app is wrapped in a function " +
      "(http.createServer((req, res) => app(req, res))), sockact can't see it: call listen(server) of @sockact/core instead of server.listen().",
  );
}
