import { serves } from "../systemd/unit-state.ts";
import { type Instance, instances, isUp, otherInstance, type States } from "./instances.ts";
import { repairHint, RollingError } from "./rolling-error.ts";
import type { ServiceUnits, Socket } from "./service-units.ts";

/** The state of both instances, for the end of a message. */
export function describeStates(units: ServiceUnits, states: States | undefined): string {
  if (states === undefined) return "The state of the instances is not known";
  return instances
    .map((instance) => `${units.nameOf(instance)} is ${states[instance].ActiveState}`)
    .join(", and ");
}

/** The error of a restart that ends halfway, with its last step and the state of both instances. */
export function halfwayError(
  units: ServiceUnits,
  error: RollingError,
  lastStep: string,
  states: States | undefined,
): RollingError {
  const { code, message, journal } = error;
  const problem = code === "SOCKACT_ERR_ROLL_STOP" ? message : `${message}. ${lastStep}`;
  const repair = repairHint(units.voice);
  const hint = error.hint === repair ? repair : `${error.hint}\n${repair}`;
  return new RollingError(code, `${problem}. ${describeStates(units, states)}`, hint, {
    journal,
    cause: error.cause ?? error,
  });
}

/**
 * The error of an instance that did not become ready.
 *
 * @param states after it was stopped again; undefined if it could not be stopped, or systemctl did not report the states
 */
export function notReadyError(
  units: ServiceUnits,
  instance: Instance,
  states: States | undefined,
  journal: readonly string[],
): RollingError {
  const unit = units.nameOf(instance);
  const old = otherInstance(instance);
  const message =
    states === undefined
      ? `${unit} did not become ready`
      : serves(states[old])
        ? `${unit} did not become ready; ${units.nameOf(old)} keeps serving`
        : `${unit} did not become ready, and ${units.nameOf(old)} does not serve either: it is ${states[old].ActiveState}`;
  return new RollingError("SOCKACT_ERR_ROLL_START", message, units.journalHint(instance), { journal });
}

/** The error of an instance that has ended although it must serve. */
export function lostError(
  units: ServiceUnits,
  instance: Instance,
  states: States,
  lastStep: string,
): RollingError {
  const { ActiveState, Result } = states[instance];
  return new RollingError(
    "SOCKACT_ERR_ROLL_LOST",
    `${units.nameOf(instance)} no longer serves: it is ${ActiveState} (${Result}); ${lastStep}`,
    units.journalHint(instance),
  );
}

/** The error of sockets that do not listen, with the commands that start them again. */
export function socketError(units: ServiceUnits, sockets: readonly Socket[], states: States): RollingError {
  const names = sockets.map(({ unit }) => unit).join(" ");
  const seen = sockets.map(({ unit, ActiveState, Result }) => `${unit} is ${ActiveState} (${Result})`);
  const up = instances.filter((instance) => isUp(states[instance])).map((instance) => units.nameOf(instance));
  const stop = up.length > 0 ? `${units.command} stop ${up.join(" ")} && ` : "";
  const start = `${units.command} reset-failed ${names} && ${units.command} start ${names}`;
  return new RollingError(
    "SOCKACT_ERR_ROLL_SOCKET",
    `${seen.join(", ")}; ${up.length > 0 ? `${up.join(" and ")} cannot be replaced until then` : "its clients are refused"}`,
    `Correct the reason: ${units.command} status ${names}\nThen: ${stop}${start}`,
  );
}
