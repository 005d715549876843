import process from "node:process";
import { print, printJson } from "../output/print.ts";
import { type Progress, progress } from "../output/progress.ts";
import { EXIT } from "../shared/cli-error.ts";
import { serviceCommand } from "../shared/own-command.ts";
import { unitWords } from "../shared/shell-words.ts";
import { untilSignal } from "../shared/until-signal.ts";
import { type ActivatedService, findService } from "../systemd/activated-units.ts";
import { closedSockets } from "../systemd/closed-addresses.ts";
import { ServiceManager } from "../systemd/service-manager.ts";
import { reportText, type RestartReport } from "./report.ts";
import { unitError } from "./restart-errors.ts";
import { restartPair } from "./restart-pair.ts";
import { restartService } from "./restart-service.ts";

/** The options of `sockact restart`. */
export interface RestartOptions {
  user?: boolean;
  json?: boolean;
  /** False with `--no-wait`. */
  wait: boolean;
}

/** Restarts a service so that it runs the code on disk, and returns the exit code. */
export async function restart(
  name: string,
  { user = false, json = false, wait }: RestartOptions,
): Promise<number> {
  const service = await findService(new ServiceManager({ user }), name);
  return untilSignal(async (signal) => {
    const working = progress(`Restarting ${service.name}`);
    try {
      const report = await restartByKind(service, { user, wait, signal, working });
      working.done();
      if (json) printJson(report);
      else print(reportText(report, user));
      return 0;
    } catch (error) {
      working.failed();
      if (!signal.aborted) throw error;
      if (service.kind === "single")
        process.stderr.write(
          `Interrupted. systemd continues the restart: ${serviceCommand("status", service.name, user)}\n`,
        );
      return EXIT.interrupted;
    }
  });
}

async function restartByKind(
  service: ActivatedService,
  { user, wait, signal, working }: { user: boolean; wait: boolean; signal: AbortSignal; working: Progress },
): Promise<RestartReport> {
  const { name, kind, sockets } = service;
  switch (kind) {
    case "rolling":
      await checkSockets(service, new ServiceManager({ user, signal }));
      return restartPair(name, sockets, { user, wait, signal, working });
    case "accept":
      return { name, kind, outcome: "next", took: 0, confirmed: false };
    case "single":
      return restartService(service, { manager: new ServiceManager({ user, signal }), wait, working });
  }
}

/** A rolling restart leaves the socket units alone. */
async function checkSockets({ sockets }: ActivatedService, manager: ServiceManager): Promise<void> {
  const [closed] = await closedSockets(manager, sockets);
  if (closed !== undefined)
    throw unitError(
      closed.unit,
      `does not listen on ${closed.addresses.join(" and ")}, because its unit has changed while it was open`,
      `Open it again, which restarts its service too: ${manager.systemctl} restart ${unitWords([closed.unit])}`,
    );
}
