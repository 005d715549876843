import type { Ended } from "../shared/execute.ts";
import { ServiceManager } from "../systemd/service-manager.ts";
import { serves } from "../systemd/unit-state.ts";
import type { Place } from "./places.ts";

/** The enabled and running units before a change. */
export interface UnitsBefore {
  /** All units of the change. */
  units: string[];
  enabled: string[];
  /** The `InvocationID` of each active unit, which changes at each start. */
  active: Record<string, string>;
  /** The `Listen` of each active socket, as systemd prints it. */
  addresses: Record<string, string>;
}

const runtimeProperties = ["ActiveState", "InvocationID", "Listen"] as const;

/** Escapes the one character of unit names that has a special meaning in systemctl's patterns. */
const asPattern = (unit: string) => unit.replaceAll("\\", "\\\\");

/** The words of each line of a table from systemctl. */
export const rowsOf = (printed: string): string[][] =>
  printed
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([first]) => first !== "");

/** The units of a place in its service manager. Below a root folder, units are only enabled. */
export class Units {
  /** Undefined below a root folder. */
  readonly manager: ServiceManager | undefined;
  readonly #systemctl: ServiceManager;

  /** @param signal ends running commands */
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
    // It also fails, without output, if there is no such file.
    if (ended.code !== 0 && ended.stderr.trim() !== "")
      throw this.#systemctl.refused("list-unit-files", ended);
    return rowsOf(ended.stdout)
      .filter(([, state]) => state === "enabled")
      .map(([unit]) => unit!);
  }

  /** The loaded instances of a template, or the unit itself. */
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

  /** Whether one of these unit files has changed since systemd read it. */
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
 * Resets start counters and failed states. Otherwise systemd rejects the sixth start in 10 seconds, and lists
 * a failed unit even after its file is removed.
 */
export async function resetLimits(manager: ServiceManager, units: readonly string[]): Promise<void> {
  const names = units.filter((unit) => !unit.includes("@."));
  // It fails for a unit that is not loaded.
  if (names.length > 0) await manager.run("reset-failed", "--", ...names);
}

/**
 * Restarts sockets that were open, and services, whatever the exit status. systemd closes a socket in another
 * process, and can't open it again before that process has run
 * (https://github.com/systemd/systemd/issues/26512). So this tries again for a socket that could not be
 * opened.
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
