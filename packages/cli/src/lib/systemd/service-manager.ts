import process from "node:process";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { execute, type Ended, ProgramError } from "../shared/execute.ts";
import { runSystemctl } from "../shared/run-systemctl.ts";
import { sudoCommand } from "../shared/own-command.ts";
import { type Properties, showUnits } from "../shared/properties.ts";
import { shellText } from "../shared/shell-words.ts";
import { withPatience } from "./patience.ts";

export interface ServiceManagerOptions {
  /** Whether it is the user's own manager (`systemctl --user`). */
  user?: boolean | undefined;
  /** Ends what is under way at once. */
  signal?: AbortSignal | undefined;
}

/** The system's service manager, or the user's own one, asked by systemd's own commands. Its errors are `CliError`s with `ERR_SYSTEMCTL`. */
export class ServiceManager {
  readonly user: boolean;
  /** The command, for messages: `systemctl`, or `systemctl --user`. */
  readonly systemctl: string;
  readonly #signal: AbortSignal | undefined;

  constructor({ user = false, signal }: ServiceManagerOptions = {}) {
    this.user = user;
    this.systemctl = user ? "systemctl --user" : "systemctl";
    this.#signal = signal;
  }

  /** Runs systemctl, whatever its exit status. A command that lost its connection runs again, so each must be one that may run twice. */
  async run(...args: string[]): Promise<Ended> {
    const run = (signal: AbortSignal | undefined) => runSystemctl(args, { user: this.user, signal });
    return reported(() => withPatience(args[0] ?? "", run, { signal: this.#signal }));
  }

  /** Runs systemctl, and rejects if it fails. Resolves to what it has printed. */
  async mustRun(...args: string[]): Promise<string> {
    const ended = await this.run(...args);
    if (ended.code !== 0)
      throw this.refused(args.filter((argument) => !argument.startsWith("--")).join(" "), ended);
    return ended.stdout;
  }

  /**
   * Properties of several units, in their order. A unit that does not exist has them too, but one that its kind of unit does not have is
   * missing. So ask for `Id` or `LoadState` besides. Timestamps are `@` and the seconds since 1970, or empty.
   */
  async show<Name extends string>(
    units: readonly string[],
    names: readonly Name[],
  ): Promise<Properties<Name>[]> {
    if (units.length === 0) return [];
    const options = ["--timestamp=unix", `--property=${names.join(",")}`];
    return showUnits(async (...args) => this.mustRun("show", ...args), units, options);
  }

  /** Runs another program of systemd for the same manager, such as systemd-analyze or journalctl, whatever its exit status. */
  async runProgram(file: string, ...args: string[]): Promise<Ended> {
    return this.#execute(file, [...(this.user ? ["--user"] : []), ...args]);
  }

  /** Runs journalctl, whatever its exit status. Which units it reads is up to its options. */
  async runJournalctl(...args: string[]): Promise<Ended> {
    return this.#execute("journalctl", args);
  }

  /** systemd's version, such as 257. */
  async version(): Promise<number> {
    const { stdout } = await this.#execute("systemctl", ["--version"]);
    return Number(/^systemd (\d+)/.exec(stdout)?.[1]);
  }

  /** The error for a systemctl command that failed. */
  refused(what: string, { code, stderr }: Ended): CliError {
    const why = stderr.trim();
    return new CliError("ERR_SYSTEMCTL", `systemctl ${what} exited with ${code}: ${why}`, this.#hint(why), {
      exitCode: EXIT.failed,
    });
  }

  #hint(why: string): string {
    if (this.user && /\bbus\b/.test(why))
      return "Run it in a login session of the user who owns these services. sudo and su do not start one.";
    if (/denied|authentication/i.test(why))
      return `Run it as root: ${sudoCommand()} ${shellText(process.argv.slice(2))}\nOr run it as a user whom polkit allows to manage the units. For a unit of your own manager, add --user.`;
    if (/\bbus\b|booted with systemd/.test(why))
      return "Run it on the machine of the service. For a unit of your own manager, add --user.";
    return `Run the command yourself to see more: ${this.systemctl} status`;
  }

  async #execute(file: string, args: readonly string[]): Promise<Ended> {
    return reported(() => execute(file, args, { signal: this.#signal }));
  }
}

/** Reports a program that can't be run as an error with a hint. */
async function reported(run: () => Promise<Ended>): Promise<Ended> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    const hint = error.isMissing ? "Run it on a machine with systemd." : "Run the command again.";
    throw new CliError("ERR_SYSTEMCTL", error.message, hint, { exitCode: EXIT.failed, cause: error });
  }
}
