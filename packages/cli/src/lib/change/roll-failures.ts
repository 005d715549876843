import { basename } from "node:path";
import type { Refusal } from "../systemd/service-manager.ts";
import { serves } from "../systemd/unit-state.ts";
import {
  type Instance,
  instances,
  isUp,
  otherInstance,
  type Pair,
  type Socket,
  socketsOf,
  type State,
  type States,
} from "./pair.ts";
import { RollingError, type Voice } from "./roll-error.ts";

/** The hint for errors that another call fixes. */
export const repairHint = ({ again }: Voice): string =>
  `${again}. It repairs the state that this call has left.`;

const rewrite = "Write both units with rolling: true in @sockact/units";

/** Throws if systemd has not loaded a unit. The hint has the command that loads it. */
export function checkLoaded(
  { systemctl }: Pair,
  unit: string,
  { LoadState, LoadError, FragmentPath }: State,
): void {
  if (LoadState === "loaded") return;
  const analyze = systemctl.replace("systemctl", "systemd-analyze");
  const reload = `${systemctl} daemon-reload`;
  // The template may be masked instead, and a mask below /run lasts until the next boot.
  const unmask = `${systemctl} unmask ${FragmentPath.startsWith("/run/") ? "--runtime " : ""}${basename(FragmentPath)}`;
  const hints: Record<string, string> = {
    masked: `Remove the mask: ${unmask}`,
    "bad-setting": `Correct the setting that ${analyze} verify ${unit} names. Then: ${reload}`,
    error: `Correct ${FragmentPath || "the unit's file"}: ${systemctl} status ${unit} shows why. Then: ${reload}`,
  };
  const why = LoadError === "" ? LoadState : LoadError.replace(/^\S+ "(.*)"$/s, "$1");
  throw new RollingError(
    "SOCKACT_ERR_ROLL_UNITS",
    `${unit} cannot be loaded: ${why}`,
    hints[LoadState] ?? `${rewrite}, and install them. Then: ${reload}`,
  );
}

/** Throws if the unit of an instance does not allow a rolling restart. */
export function checkInstance(pair: Pair, instance: Instance, state: State): void {
  const unit = pair.nameOf(instance);
  checkLoaded(pair, unit, state);
  const fail = (what: string, needed: string) =>
    new RollingError(
      "SOCKACT_ERR_ROLL_UNITS",
      `${unit} ${what}`,
      `${rewrite}. Its template needs ${needed}.`,
    );
  if (socketsOf(state).length === 0) throw fail("has no socket", "Sockets=");
  if (!state.Type.startsWith("notify"))
    throw fail(`does not report when it is ready: its type is ${state.Type}`, "Type=notify");
  if (state.NeedDaemonReload !== "yes") return;
  throw new RollingError(
    "SOCKACT_ERR_ROLL_RELOAD",
    `${unit} has changed on disk since systemd read it`,
    `Let systemd read it: ${pair.systemctl} daemon-reload\n${pair.voice.again}.`,
  );
}

/** Creates an error from systemctl's. */
export const systemctlError =
  (voice: Voice) =>
  (message: string, refusal: Refusal, cause: unknown): RollingError => {
    const hints = {
      missing: "Run it on the machine of the service.",
      denied: `Run it as root, or as a user whom polkit allows to manage the units; ${voice.user} for a unit of the user's own manager.`,
      unreachable: `Run it on the machine of the service; ${voice.user} for a unit of the user's own manager.`,
    };
    const hint = refusal === undefined ? repairHint(voice) : hints[refusal];
    return new RollingError("SOCKACT_ERR_ROLL_SYSTEMCTL", message, hint, { cause });
  };

/** The states of both instances, for the end of a message. */
export function describeStates(pair: Pair, states: States | undefined): string {
  if (states === undefined) return "The state of the instances is not known";
  return instances
    .map((instance) => `${pair.nameOf(instance)} is ${states[instance].ActiveState}`)
    .join(", and ");
}

/** The error of an incomplete restart, with its last step and the states of both instances. */
export function halfwayError(
  pair: Pair,
  error: RollingError,
  lastStep: string,
  states: States | undefined,
): RollingError {
  const { code, message, journal } = error;
  const problem = code === "SOCKACT_ERR_ROLL_STOP" ? message : `${message}. ${lastStep}`;
  const repair = repairHint(pair.voice);
  const hint = error.hint === repair ? repair : `${error.hint}\n${repair}`;
  return new RollingError(code, `${problem}. ${describeStates(pair, states)}`, hint, {
    journal,
    cause: error.cause ?? error,
  });
}

/**
 * The error of an instance that did not become ready.
 *
 * @param states after it was stopped again; undefined if it could not be stopped, or if the states are
 *   unknown
 */
export function notReadyError(
  pair: Pair,
  instance: Instance,
  states: States | undefined,
  journal: readonly string[],
): RollingError {
  const unit = pair.nameOf(instance);
  const old = otherInstance(instance);
  const message =
    states === undefined
      ? `${unit} did not become ready`
      : serves(states[old])
        ? `${unit} did not become ready; ${pair.nameOf(old)} keeps serving`
        : `${unit} did not become ready, and ${pair.nameOf(old)} does not serve either: it is ${states[old].ActiveState}`;
  return new RollingError("SOCKACT_ERR_ROLL_START", message, pair.journalHint(instance), { journal });
}

/** The error of an instance that ended although it must serve. */
export function lostError(pair: Pair, instance: Instance, states: States, lastStep: string): RollingError {
  const { ActiveState, Result } = states[instance];
  return new RollingError(
    "SOCKACT_ERR_ROLL_LOST",
    `${pair.nameOf(instance)} no longer serves: it is ${ActiveState} (${Result}); ${lastStep}`,
    pair.journalHint(instance),
  );
}

/** The error of sockets that do not listen, with the commands that start them. */
export function socketError(pair: Pair, sockets: readonly Socket[], states: States): RollingError {
  const names = sockets.map(({ unit }) => unit).join(" ");
  const seen = sockets.map(({ unit, ActiveState, Result }) => `${unit} is ${ActiveState} (${Result})`);
  const up = instances.filter((instance) => isUp(states[instance])).map((instance) => pair.nameOf(instance));
  const stop = up.length > 0 ? `${pair.systemctl} stop ${up.join(" ")} && ` : "";
  const start = `${pair.systemctl} reset-failed ${names} && ${pair.systemctl} start ${names}`;
  return new RollingError(
    "SOCKACT_ERR_ROLL_SOCKET",
    `${seen.join(", ")}; ${up.length > 0 ? `${up.join(" and ")} cannot be replaced until then` : "its clients are refused"}`,
    `Correct the reason: ${pair.systemctl} status ${names}\nThen: ${stop}${start}`,
  );
}
