import { errorJson, print, printJson } from "../output/print.ts";
import { exitCodeAfter } from "../shared/until-signal.ts";
import { findService } from "../systemd/activated-units.ts";
import { ServiceManager } from "../systemd/service-manager.ts";
import { runChange } from "./change.ts";
import { reloadService } from "./reload-units.ts";
import { reloadText } from "./reports.ts";

/** The options of `sockact reload`. */
export interface ReloadOptions {
  user?: boolean;
  json?: boolean;
}

/**
 * Reloads a running service and returns the exit code.
 *
 * @param bundle what to report about the bundle
 * @param isRetried whether the caller tries again if this rejects
 */
export async function reload(
  name: string,
  { user = false, json = false }: ReloadOptions,
  bundle?: object,
  isRetried = false,
): Promise<number> {
  const service = await findService(new ServiceManager({ user }), name);
  return runChange(`Reloading ${service.name}`, { user }, async (tools, working) => {
    const { report, unapplied } = await reloadService(service, tools);
    const { error } = report;
    if (json && !(error && isRetried)) printJson({ ...report, bundle, error: error && errorJson(error) });
    if (error) throw error;
    working.done();
    if (!json) print(reloadText(report, unapplied, tools.manager));
    return tools.signal.aborted ? exitCodeAfter(tools.signal) : 0;
  });
}
