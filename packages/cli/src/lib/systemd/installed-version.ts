import { CliError } from "../shared/cli-error.ts";
import { ServiceManager } from "./service-manager.ts";

/** The version of the installed systemd. `undefined` if there is none, as on macOS. */
export async function installedSystemd(): Promise<number | undefined> {
  try {
    const version = await new ServiceManager().version();
    return Number.isNaN(version) ? undefined : version;
  } catch (error) {
    if (error instanceof CliError) return undefined;
    throw error;
  }
}
