import { deadline } from "../shared/deadline.ts";
import { execute, type Ended, ProgramError } from "../shared/execute.ts";
import { runSystemctl } from "../shared/run-systemctl.ts";
import { type Properties, showUnits } from "../shared/properties.ts";
import { CALL_AGAIN, RollingError } from "./rolling-error.ts";

/** The service manager, used through its own commands. An aborted signal ends a command at once, and prevents further ones. */
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
      throw refused("show", ended, "systemctl show prints the properties of a unit: try it yourself");
    };
    return showUnits(show, units, [`--property=${names.join(",")}`]);
  }

  /** Whether the conditions of a unit are met. False if systemd-analyze can't find out. */
  async conditionsHold(unit: string): Promise<boolean> {
    const args = [...(this.#user ? ["--user"] : []), "condition", `--unit=${unit}`];
    const ended = await execute("systemd-analyze", args, { signal: this.signal }).catch(() => undefined);
    this.signal.throwIfAborted();
    return ended?.code === 0;
  }

  /** The last lines of a unit's journal since a time in milliseconds, the oldest first; none where it cannot be read. */
  async journal(unit: string, since: number): Promise<string[]> {
    // A journald that hangs must not delay the restart.
    const signal = deadline(5_000, this.signal);
    // Journald reads the output of services with a delay. Only root can wait until it has read everything.
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

/** Reports a program that can't be run as an error with a hint. */
async function reported(run: () => Promise<Ended>): Promise<Ended> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    const hint = error.isMissing ? "run it on the machine of the service" : CALL_AGAIN;
    throw new RollingError("ERR_ROLL_SYSTEMCTL", error.message, hint, { cause: error });
  }
}

/** The error for a systemctl command that failed. */
export function refused(what: string, { code, stderr }: Ended, otherwise: string): RollingError {
  const why = stderr.trim();
  const message = `systemctl ${what} exited with ${code}: ${why}`;
  return new RollingError("ERR_ROLL_SYSTEMCTL", message, hintFor(why, otherwise));
}

/** The hint for an error message of systemctl. */
export function hintFor(why: string, otherwise: string): string {
  if (/denied|authentication/i.test(why)) {
    return "run it as root, or as a user whom polkit allows to manage the units; with user: true for a unit of the user's own manager";
  }
  if (/\bbus\b|booted with systemd/.test(why)) {
    return "run it on the machine of the service; with user: true for a unit of the user's own manager";
  }
  return otherwise;
}
