import process from "node:process";
import { errorJson, print, printJson } from "../output/print.ts";
import { progress } from "../output/progress.ts";
import { EXIT } from "../shared/cli-error.ts";
import { untilSignal } from "../shared/until-signal.ts";
import { findService } from "../systemd/activated-units.ts";
import { ServiceManager } from "../systemd/service-manager.ts";
import { reloadService } from "./reload-service.ts";
import { reportText } from "./report.ts";

/** The options of `sockact reload`. */
export interface ReloadOptions {
  user?: boolean;
  json?: boolean;
}

/** Reloads a service that runs, and returns the exit code. */
export async function reload(name: string, { user = false, json = false }: ReloadOptions): Promise<number> {
  const service = await findService(new ServiceManager({ user }), name);
  return untilSignal(async (signal) => {
    const manager = new ServiceManager({ user, signal });
    const working = progress(`Reloading ${service.name}`);
    try {
      const { report, unapplied } = await reloadService(service, { manager, working, signal });
      const { error } = report;
      if (json) printJson({ ...report, error: error && errorJson(error) });
      if (error) throw error;
      working.done();
      if (!json) print(reportText(report, unapplied, manager));
      return signal.aborted ? EXIT.interrupted : 0;
    } catch (error) {
      working.failed();
      if (!signal.aborted) throw error;
      process.stderr.write(`Interrupted. systemd continues the reload of ${service.name}.\n`);
      return EXIT.interrupted;
    }
  });
}
