import { BUS_CLOSED } from "../printed/systemctl.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { ServiceManager } from "../systemd/service-manager.ts";

/** The system's service manager, for the service of `sockact metrics install`. Its errors have hints for it. */
export function metricsManager(): ServiceManager {
  return new ServiceManager({
    asLibrary: (message, _, cause) =>
      new CliError("SOCKACT_ERR_SYSTEMCTL", message, hintOn(message), { exitCode: EXIT.failed, cause }),
  });
}

/** dbus-daemon closes the connection of a user that it can't find. */
const hintOn = (message: string): string =>
  BUS_CLOSED.test(message)
    ? "dbus-daemon does not find the service's user in /etc/passwd. Install the metrics again, or with --run-as and an existing user."
    : "It asks systemd through the system bus. Is it running? systemctl status dbus";
