import type { Cause } from "../report.ts";
import type { WitnessLine } from "../witness-line.ts";
import { cause, linesOf, type Open, placesIn, unique } from "./lines.ts";

/** How long after the signal a process still runs if it does not end by itself, in milliseconds. */
const LONG = 1500;

/**
 * Who cuts responses after the signal: `process.exit()`, or what closes their connections. A client may have
 * sent the next request over a connection without a response under way.
 */
function cutsOf(lines: readonly WitnessLine[], folder: string): Cause[] {
  const cuts = linesOf(lines, "exit", "closeAllConnections", "destroy").filter(
    ({ afterSignal, underWay, connections = 0, call }) =>
      afterSignal !== undefined && Number(underWay) + Number(connections) > 0 && call !== "loop",
  );
  return cuts.flatMap((line) => {
    const places = placesIn(folder, line.places);
    if (places.length === 0) return [];
    const { what, underWay } = line as typeof line & Record<string, number>;
    const code = what === "exit" ? "SOCKACT_PROVE_EXIT" : "SOCKACT_PROVE_CLOSE";
    const call =
      what === "closeAllConnections"
        ? "`closeAllConnections()`"
        : `\`${what === "exit" ? (line["call"] as string) : what}()\``;
    return [cause(code, places, { call, open: underWay || undefined })];
  });
}

/** Why a process does not end after the signal: what is open in it, or that nothing of it ends it. */
function openAfterSignal(lines: readonly WitnessLine[], folder: string): Cause[] {
  return processes(lines).flatMap((own) => {
    const last = linesOf(own, "awake").findLast(({ sinceSignal }) => Number(sinceSignal) >= LONG);
    if (last === undefined || linesOf(own, "exit").length > 0) return [];
    return [...(last.active ?? []).flatMap((each) => openOf(each, folder)), ...ignored(own, folder)];
  });
}

/** What the app has open. A server that still listens, and the connections of its clients, are none. */
function openOf(open: Open, folder: string): Cause[] {
  const places = placesIn(folder, open.places);
  if (places.length === 0 || ["server", "connection"].includes(open.kind)) return [];
  const { kind, count, delay, peer, command } = open;
  return [cause("SOCKACT_PROVE_OPEN", places, { kind, count, delay, peer, command })];
}

/** The app's own listener of the signal: with one, the app has to end the process. */
const ignored = (own: readonly WitnessLine[], folder: string): Cause[] =>
  listenersOf("SIGTERM", own, folder).map((places) => cause("SOCKACT_PROVE_SIGTERM", places));

/** The app's own listener of the signal that a reload sends, if the process has ended after it. */
export const endsAtReload = (lines: readonly WitnessLine[], folder: string): Cause[] =>
  unique(listenersOf("SIGHUP", lines, folder).map((places) => cause("SOCKACT_PROVE_SIGHUP", places)));

/** Where the app has added its listeners of a signal. */
function listenersOf(name: string, lines: readonly WitnessLine[], folder: string): Cause["places"][] {
  const signal = linesOf(lines, "signal").find((line) => line.signal === name);
  return (signal?.listeners ?? [])
    .map(({ places }) => placesIn(folder, places))
    .filter((places) => places.length > 0);
}

/** With which status it ends after the signal, if that is not 0: systemd then calls the service failed. */
export const endsWith = (lines: readonly WitnessLine[], folder: string): Cause[] =>
  unique(
    linesOf(lines, "exit")
      .filter(({ afterSignal, code }) => afterSignal !== undefined && Number(code ?? 0) !== 0)
      .map((line) =>
        cause("SOCKACT_PROVE_RESULT", placesIn(folder, line.places), { status: Number(line["code"]) }),
      ),
  );

/** Processes that the app has started, and that still run when it has ended. */
function childrenOf(lines: readonly WitnessLine[], folder: string): Cause[] {
  const ended = new Set(linesOf(lines, "exit").map(({ pid }) => pid));
  return linesOf(lines, "spawn").flatMap((line) => {
    const child = Number(line["child"]);
    // A worker of a cluster that its primary has killed writes no line. Only a process without Node is unknown.
    const own = lines.filter(({ pid }) => pid === child);
    const isLate = linesOf(own, "awake").some(({ sinceSignal }) => Number(sinceSignal) >= LONG);
    if (!ended.has(line.pid) || ended.has(child) || (own.length > 0 && !isLate)) return [];
    const places = placesIn(folder, line.places);
    const command = (line["command"] as string[]).join(" ");
    return places.length === 0 ? [] : [cause("SOCKACT_PROVE_CHILD", places, { command })];
  });
}

/** The lines of each process. */
function processes(lines: readonly WitnessLine[]): WitnessLine[][] {
  const pids = new Set(lines.map(({ pid }) => pid));
  return [...pids].map((each) => lines.filter(({ pid }) => pid === each));
}

/** Why a stop cuts responses, or takes too long. */
export const ofStop = (lines: readonly WitnessLine[], folder: string): Cause[] =>
  unique([...cutsOf(lines, folder), ...childrenOf(lines, folder), ...openAfterSignal(lines, folder)]);
