import { deadline } from "../shared/deadline.ts";
import { execute, type Ended, ProgramError } from "../shared/execute.ts";
import { runSystemctl } from "../shared/run-systemctl.ts";
import { type Properties, showUnits } from "../shared/properties.ts";
import { CALL_AGAIN, RollingError } from "./rolling-error.ts";

/** The service manager, asked by its own commands. An aborted signal ends a command at once, and no other one begins. */
export class Systemctl {
  readonly #user: boolean;
  readonly signal: AbortSignal;

  constructor(user: boolean, signal: AbortSignal) {
    this.#user = user;
    this.signal = signal;
  }

  /** Runs systemctl, whatever its exit status. Each command used here may run twice, so one that lost its connection is run again. */
  async run(...args: string[]): Promise<Ended> {
    return reported(() => runSystemctl(args, { user: this.#user, signal: this.signal }));
  }

  /** Properties of several units, in their order; a unit that does not exist has them too. */
  async show<Name extends string>(
    units: readonly string[],
    names: readonly Name[],
  ): Promise<Properties<Name>[]> {
    const show = async (...args: string[]) => {
      const ended = await this.run("show", ...args);
      if (ended.code === 0) return ended.stdout;
      throw refused("show", ended, "systemctl show prints the properties of a unit: try it by hand");
    };
    return showUnits(show, units, [`--property=${names.join(",")}`]);
  }

  /** Whether the conditions of a unit hold; not where systemd-analyze cannot tell. */
  async conditionsHold(unit: string): Promise<boolean> {
    const args = [...(this.#user ? ["--user"] : []), "condition", `--unit=${unit}`];
    const ended = await execute("systemd-analyze", args, { signal: this.signal }).catch(() => undefined);
    this.signal.throwIfAborted();
    return ended?.code === 0;
  }

  /** The last lines of a unit's journal since a time in milliseconds, the oldest first; none where it cannot be read. */
  async journal(unit: string, since: number): Promise<string[]> {
    // A journald that hangs must not hold up the turn.
    const signal = deadline(5_000, this.signal);
    // Journald reads what services print in its own time; root alone can wait until it has.
    await execute("journalctl", ["--sync"], { signal }).catch(() => {});
    const args = [
      this.#user ? `--user-unit=${unit}` : `--unit=${unit}`,
      `--since=@${(since / 1000).toFixed(3)}`,
      ..."--no-pager --quiet --output=cat --lines=30".split(" "),
    ];
    const ended = await execute("journalctl", args, { signal }).catch(() => undefined);
    return ended?.stdout.split("\n").filter((line) => line !== "") ?? [];
  }
}

/** A program that does not run is an error to report. */
async function reported(run: () => Promise<Ended>): Promise<Ended> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    const hint = error.isMissing ? "run it where systemd runs the service" : CALL_AGAIN;
    throw new RollingError("ERR_ROLL_SYSTEMCTL", error.message, hint, { cause: error });
  }
}

/** The error for a systemctl that did not do what it was told. */
export function refused(what: string, { code, stderr }: Ended, otherwise: string): RollingError {
  const why = stderr.trim();
  const message = `systemctl ${what} exited with ${code}: ${why}`;
  return new RollingError("ERR_ROLL_SYSTEMCTL", message, hintFor(why, otherwise));
}

/** What to do about what systemctl has printed. */
export function hintFor(why: string, otherwise: string): string {
  if (/denied|authentication/i.test(why)) {
    return "run it as root, or as a user whom polkit allows to manage the units; with user: true for a unit of the user's own manager";
  }
  if (/\bbus\b|booted with systemd/.test(why)) {
    return "run it where systemd runs the service; with user: true for a unit of the user's own manager";
  }
  return otherwise;
}
