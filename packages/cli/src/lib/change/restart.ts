import { print, printJson } from "../output/print.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { serviceCommand } from "../shared/own-command.ts";
import { type ActivatedService, findService } from "../systemd/activated-units.ts";
import { closedSockets } from "../systemd/closed-addresses.ts";
import { ServiceManager } from "../systemd/service-manager.ts";
import { missingStartFilesOf } from "../systemd/start-files.ts";
import { writingHints } from "../systemd/writing-hints.ts";
import { type ChangeTools, runChange } from "./change.ts";
import { restartFailures } from "./failures.ts";
import { type RestartReport, restartText } from "./reports.ts";
import { restartUnit } from "./restart-unit.ts";
import { restartInstances } from "./roll.ts";
import { RollingError } from "./roll-error.ts";
import type { RollingEvent } from "./roll-options.ts";

/** The options of `sockact restart`. */
export interface RestartOptions {
  user?: boolean;
  json?: boolean;
  /** False with `--no-wait`. */
  wait: boolean;
}

/**
 * Restarts a service with the code on disk, and returns the exit code.
 *
 * @param bundle what to report about the bundle
 */
export async function restart(
  given: string,
  { user = false, json = false, wait }: RestartOptions,
  bundle?: object,
): Promise<number> {
  const service = await findService(new ServiceManager({ user }), given);
  const { name, kind } = service;
  return runChange(`Restarting ${name}`, { user }, async (tools, working) => {
    const report: RestartReport =
      kind === "accept"
        ? { name, kind, outcome: "next", took: 0, confirmed: false }
        : await (kind === "rolling" ? restartPair : restartUnit)(service, wait, tools);
    working.done();
    if (json) printJson({ ...report, bundle });
    else print(restartText(report, user));
    return 0;
  });
}

/** Starts the stopped instance of a pair, and stops the other one when the new one is ready. */
async function restartPair(
  service: ActivatedService,
  wait: boolean,
  { manager, signal, report, ifInterrupted }: ChangeTools,
): Promise<RestartReport> {
  const { name, services, sockets } = service;
  const { user } = manager;
  const fail = restartFailures(service, manager);
  const [closed] = await closedSockets(manager, sockets);
  if (closed !== undefined) throw fail.closed(closed);
  const missing = await missingStartFilesOf(manager, services[0]!);
  if (missing.length > 0) throw fail.fileMissing(services[0]!, missing);
  const started = performance.now();
  const options = {
    user,
    waitForDrain: wait,
    signal,
    onEvent: (step: RollingEvent) => {
      if (step.type !== "waiting") ifInterrupted(undefined);
      report({ type: "rolling", name, step });
    },
  };
  const voice = { again: `Run ${serviceCommand("restart", name, user)} again`, user: "with --user" };
  try {
    const result = await restartInstances(name, options, voice);
    if (result.outcome === "stopped") throw fail.stopped();
    const took = Math.round(performance.now() - started);
    const common = { name, kind: "rolling", took } as const;
    if (result.outcome === "asleep") return { ...common, outcome: "asleep", confirmed: false };
    const { from, to, drained = null } = result;
    return { ...common, outcome: "turned", confirmed: true, turn: { from, to, drained } };
  } catch (error) {
    if (!(error instanceof RollingError) || signal.aborted) throw error;
    const { code, message, hint, journal } = error;
    report({ type: "messages", messages: journal });
    const hints = [hint, ...(await writingHints(manager, services[0]!, journal))];
    throw new CliError(code, message, hints.join("\n"), { exitCode: EXIT.failed, cause: error });
  }
}
