import { CliError, EXIT } from "../shared/cli-error.ts";
import { serviceCommand } from "../shared/own-command.ts";
import { unitWords } from "../shared/shell-words.ts";
import { stateOf } from "../systemd/unit-state.ts";
import type { ActivatedService } from "../systemd/activated-units.ts";
import type { ClosedSocket } from "../systemd/closed-addresses.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";

/**
 * Checks a service that does not run: the next connection must be able to start it. If it can't, a deployment has failed, and nothing serves.
 *
 * @param closed the socket units that do not listen, although they are active
 * @throws CliError `SOCKACT_ERR_RELOAD`
 */
export async function checkAsleep(
  { name, services, sockets }: ActivatedService,
  closed: readonly ClosedSocket[],
  manager: ServiceManager,
): Promise<void> {
  const properties = ["Id", "LoadState", "ActiveState", "SubState"] as const;
  const [units, listeners] = await Promise.all([
    manager.show(services, properties),
    manager.show(sockets, properties),
  ]);
  const lost = closed.map(({ unit }) => unit);
  const state = stateOf(
    units,
    listeners.map((unit) => (lost.includes(unit.Id) ? { ...unit, ActiveState: "inactive" } : unit)),
  );
  const command = (verb: string) => serviceCommand(verb, name, manager.user);
  const correct = `To see why: ${command("doctor")}\nCorrect the app, or put its earlier version back, and run ${command("restart")}.`;
  const fail = (message: string, hint: string) =>
    new CliError("SOCKACT_ERR_RELOAD", message, hint, { exitCode: EXIT.failed });
  switch (state) {
    case "restarting":
      throw fail(
        `${name} crashes again and again, so there is nothing to reload, and no version serves`,
        correct,
      );
    case "failed":
      throw fail(`${name} has failed, so there is nothing to reload, and no version serves`, correct);
    case "not loaded":
      throw fail(`a unit of ${name} is not loaded, so no version serves`, `To see why: ${command("status")}`);
    case "stopped":
      throw fail(
        `${name} is stopped: it does not run, and no socket listens`,
        lost.length > 0
          ? `Open its socket again: ${command("restart")}`
          : `Let its sockets listen: ${manager.systemctl} enable --now ${unitWords(sockets)}`,
      );
    default:
  }
}
