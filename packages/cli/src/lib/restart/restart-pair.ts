import process from "node:process";
import type { Progress } from "../output/progress.ts";
import { RollingError } from "../rolling/rolling-error.ts";
import type { RollingEvent } from "../rolling/rolling-options.ts";
import { restartInstances } from "../rolling/rolling-restart.ts";
import { clean } from "../shared/clean.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { serviceCommand } from "../shared/own-command.ts";
import type { RestartReport } from "./report.ts";
import { stoppedError } from "./restart-errors.ts";

interface PairOptions {
  user: boolean;
  wait: boolean;
  signal: AbortSignal;
  working: Progress;
}

const otherOf = (instance: string): string => (instance === "blue" ? "green" : "blue");

function eventText(name: string, event: RollingEvent): string {
  switch (event.type) {
    case "waiting":
      return `Another restart of ${name} is under way. Waiting for it`;
    case "starting":
      return `Starting ${name}@${event.instance}; ${name}@${otherOf(event.instance)} serves meanwhile`;
    case "ready":
      return `${name}@${event.instance} is ready`;
    case "stopping":
      return `${name}@${event.instance} drains: it answers its open requests`;
    case "stopped":
      return `${name}@${event.instance} has stopped${event.drained ? "" : ", but did not end well"}`;
    case "aborted": {
      const states = Object.entries(event.states ?? {}).map(
        ([instance, state]) => `${name}@${instance} is ${state}`,
      );
      return states.length === 0 ? "Interrupted" : `Interrupted: ${states.join(", and ")}`;
    }
  }
}

function commandError(error: RollingError): CliError {
  for (const line of error.journal) process.stderr.write(`${clean(line)}\n`);
  return new CliError(error.code, error.message, error.hint, { exitCode: EXIT.failed, cause: error });
}

/** Turns a rolling pair: starts the instance that does not run, and stops the other one when the new one is ready. */
export async function restartPair(
  name: string,
  sockets: readonly string[],
  { user, wait, signal, working }: PairOptions,
): Promise<RestartReport> {
  const started = performance.now();
  const onEvent = (event: RollingEvent) => {
    const text = eventText(name, event);
    if (event.type === "aborted") working.line(text);
    else working.update(text);
  };
  try {
    const voice = { again: `Run ${serviceCommand("restart", name, user)} again`, user: "with --user" };
    const result = await restartInstances(name, { user, waitForDrain: wait, signal, onEvent }, voice);
    if (result.outcome === "stopped") throw stoppedError(name, sockets, user);
    const took = Math.round(performance.now() - started);
    const report = { name, kind: "rolling", took } as const;
    if (result.outcome === "asleep") return { ...report, outcome: "asleep", confirmed: false };
    const { from, to, drained = null } = result;
    return { ...report, outcome: "turned", confirmed: true, turn: { from, to, drained } };
  } catch (error) {
    throw error instanceof RollingError && !signal.aborted ? commandError(error) : error;
  }
}
