import type { Ended } from "../shared/execute.ts";
import { ServiceManager } from "../systemd/service-manager.ts";
import { serves } from "../systemd/unit-state.ts";
import type { Place } from "./places.ts";

/** The enabled and the running units before a change. */
export interface UnitsBefore {
  /** All units that the change is about. */
  units: string[];
  enabled: string[];
  /** `InvocationID` of each unit that is active, which is new after each start. */
  active: Record<string, string>;
  /** `Listen` of each socket that is active, as systemd prints it. */
  addresses: Record<string, string>;
}

const runtimeProperties = ["ActiveState", "InvocationID", "Listen"] as const;

/** A unit's name may have one character that has another meaning in a pattern of systemctl. */
const asPattern = (unit: string) => unit.replaceAll("\\", "\\\\");

/** The words of each line of a table that systemctl has printed. */
export const rowsOf = (printed: string): string[][] =>
  printed
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([first]) => first !== "");

/**
 * The units of a place, as its service manager has them. Below a root folder, units are only enabled, since
 * nothing runs there.
 */
export class Units {
  /** Undefined below a root folder. */
  readonly manager: ServiceManager | undefined;
  readonly #systemctl: ServiceManager;

  /** @param signal ends what is under way at once */
  constructor({ root, user }: Place, signal?: AbortSignal) {
    this.#systemctl = new ServiceManager({ user, root, signal });
    this.manager = root === "/" ? this.#systemctl : undefined;
  }

  async before(units: readonly string[]): Promise<UnitsBefore> {
    const enabled = await this.#enabledOf(units);
    const runnable = this.manager ? units.filter((unit) => !unit.includes("@.")) : [];
    const shown = (await this.manager?.show(runnable, runtimeProperties)) ?? [];
    const active: Record<string, string> = {};
    const addresses: Record<string, string> = {};
    for (const [index, { ActiveState, InvocationID, Listen }] of shown.entries()) {
      const unit = runnable[index]!;
      if (ActiveState !== "activating" && !serves({ ActiveState })) continue;
      active[unit] = InvocationID;
      if (unit.endsWith(".socket")) addresses[unit] = Listen;
    }
    return { units: [...units], enabled, active, addresses };
  }

  async #enabledOf(units: readonly string[]): Promise<string[]> {
    const patterns = units.map(asPattern);
    const options = ["--plain", "--no-legend", "--"];
    const ended = await this.#systemctl.run("list-unit-files", ...options, ...patterns);
    // It also fails if there is no such file, and prints nothing then.
    if (ended.code !== 0 && ended.stderr.trim() !== "")
      throw this.#systemctl.refused("list-unit-files", ended);
    return rowsOf(ended.stdout)
      .filter(([, state]) => state === "enabled")
      .map(([unit]) => unit!);
  }

  /** The instances of a template that systemd has loaded; for another unit, that unit. */
  async instancesOf(service: string): Promise<string[]> {
    if (!service.includes("@.")) return [service];
    const pattern = asPattern(service).replace("@.", "@*.");
    const printed = await this.manager?.mustRun(
      "list-units",
      "--all",
      "--plain",
      "--no-legend",
      "--",
      pattern,
    );
    return rowsOf(printed ?? "").map(([unit]) => unit!);
  }

  async enable(units: readonly string[]): Promise<void> {
    if (units.length > 0) await this.#systemctl.mustRun("enable", "--", ...units);
  }

  async disable(units: readonly string[]): Promise<void> {
    if (units.length > 0) await this.#systemctl.mustRun("disable", "--", ...units);
  }

  /** Whether systemd has not read the present file of one of these units. */
  async needReload(units: readonly string[]): Promise<boolean> {
    if (this.manager === undefined) return false;
    const loadable = units.filter((unit) => !unit.endsWith(".container"));
    const shown = await this.manager.show(
      loadable.map((unit) => unit.replace("@.", "@blue.")),
      ["LoadState", "NeedDaemonReload"],
    );
    return shown.some(
      ({ LoadState, NeedDaemonReload }) => LoadState !== "loaded" || NeedDaemonReload === "yes",
    );
  }

  async reload(): Promise<void> {
    await this.manager?.mustRun("daemon-reload");
  }
}

/**
 * Forgets how often units have been started, and that they have failed. Otherwise systemd refuses the sixth
 * start in 10 seconds, and a unit that has failed stays in its lists when the file is gone.
 */
export async function resetLimits(manager: ServiceManager, units: readonly string[]): Promise<void> {
  const names = units.filter((unit) => !unit.includes("@."));
  // It fails for a unit that systemd has not loaded.
  if (names.length > 0) await manager.run("reset-failed", "--", ...names);
}

/**
 * Restarts sockets that were open, and services, whatever the exit status. systemd closes a socket in another
 * process, and can't open it again before that one has run (https://github.com/systemd/systemd/issues/26512).
 * So it runs once more for a socket that could not be opened.
 */
export async function restartOpen(manager: ServiceManager, units: readonly string[]): Promise<Ended> {
  const ended = await manager.run("restart", "--", ...units);
  if (ended.code === 0) return ended;
  const sockets = units.filter((unit) => unit.endsWith(".socket"));
  const shown = await manager.show(sockets, ["Id", "Result"]);
  if (!shown.some(({ Result }) => Result === "resources")) return ended;
  await resetLimits(manager, units);
  return manager.run("restart", "--", ...units);
}
