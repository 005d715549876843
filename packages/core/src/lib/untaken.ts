import process from "node:process";
import { type ActivatedSocket, isPassedSocket } from "./classify.ts";
import { isWatched } from "./proc-fd.ts";
import { once, type PassedSocket, state } from "./state.ts";
import { warn } from "./warn.ts";

/** How long a socket may stay without a taker while the app starts, in milliseconds. Each socket that is taken starts it anew. */
const GRACE = 5_000;

/** Warns, once in a process, of the sockets that still have no taker a while after the last one was taken, or at the end. */
export function warnOfUntakenLater(passed: readonly PassedSocket[]): void {
  clearTimeout(state.untakenTimer);
  const untaken = (): PassedSocket[] =>
    passed.filter(
      ({ socket, taken }) =>
        !taken && isPassedSocket(socket) && socket.name !== "stored" && !isWatched(socket.fd),
    );
  const report = (): void => {
    const left = untaken();
    if (left.length > 0) once("warn of untaken sockets", () => warnOf(left.map(({ socket }) => socket)));
  };
  state.untakenTimer = setTimeout(report, GRACE).unref();
  once("watch for the end", () => process.once("beforeExit", report));
}

function warnOf(sockets: readonly ActivatedSocket[]): void {
  const list = sockets
    .map(({ fd, name, address }) => `${name} (fd ${fd}${address === null ? "" : `, ${address}`})`)
    .join(", ");
  warn(
    "SOCKACT_UNTAKEN",
    `Nothing in this process serves ${list}: clients that connect there wait in vain.`,
    "Name the socket in systemdListen({ name }), or remove it from the socket unit. When the app is wrapped in a function " +
      "(http.createServer((req, res) => app(req, res))), sockact can't see it: call listen(server) of @sockact/core instead of server.listen().",
  );
}
