import { setTimeout as delay } from "node:timers/promises";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { execute, type Ended, ProgramError } from "../shared/execute.ts";
import { sameCommand } from "../shared/own-command.ts";
import { type Properties, showUnits } from "../shared/properties.ts";
import { withPatience } from "./patience.ts";
import { ACCESS_DENIED, BUS_MISSING, DISCONNECTED, VERSION } from "../printed/systemctl.ts";

/**
 * Why a command failed: the program is missing, the user has no permission, or the service manager can't be
 * reached. Undefined for any other reason.
 */
export type Refusal = "missing" | "denied" | "unreachable" | undefined;

function refusalOf(stderr: string, user: boolean): Refusal {
  const isUnreachable = BUS_MISSING.test(stderr);
  if (user && isUnreachable) return "unreachable";
  if (ACCESS_DENIED.test(stderr)) return "denied";
  return isUnreachable ? "unreachable" : undefined;
}

export interface ServiceManagerOptions {
  /** Whether to use the user's manager (`systemctl --user`). */
  user?: boolean | undefined;
  /**
   * The root folder of another system, such as an image. Nothing runs there, so systemctl can only list and
   * enable its units.
   */
  root?: string | undefined;
  /** Ends running commands at once. */
  signal?: AbortSignal | undefined;
  /** For library code: creates its errors, and suppresses the message that systemd is slow. */
  asLibrary?: ((message: string, refusal: Refusal, cause: unknown) => Error) | undefined;
  /** Asks about each unit once, for all of these properties. */
  once?: readonly string[] | undefined;
}

/**
 * The system's service manager or the user's, through systemd's own commands. Its errors are `CliError`s with
 * `SOCKACT_ERR_SYSTEMCTL`.
 */
export class ServiceManager {
  readonly user: boolean;
  /** The command for messages: `systemctl` or `systemctl --user`. */
  readonly systemctl: string;
  readonly signal: AbortSignal | undefined;
  readonly #root: string;
  readonly #options: ServiceManagerOptions;
  /** With `once`, the answers so far, by the unit. */
  readonly #answers = new Map<string, Properties<string>>();

  constructor(options: ServiceManagerOptions = {}) {
    this.user = options.user ?? false;
    this.#root = options.root ?? "/";
    this.systemctl = this.user ? "systemctl --user" : "systemctl";
    this.signal = options.signal;
    this.#options = options;
  }

  /** The same manager with another signal. */
  with(signal: AbortSignal): ServiceManager {
    return new ServiceManager({ ...this.#options, signal });
  }

  /**
   * The same manager for one reading of many units: {@link show} asks about each unit once, for all of these
   * properties. systemd needs as long for one property as for all.
   */
  reading(properties: Iterable<string>): ServiceManager {
    return new ServiceManager({ ...this.#options, once: [...new Set(properties)] });
  }

  /**
   * Runs systemctl, whatever its exit status. Runs it again if it loses its connection, so each command must
   * be safe to repeat.
   */
  async run(...args: string[]): Promise<Ended> {
    const where = this.#root === "/" ? this.#forUser : [`--root=${this.#root}`];
    const command = [...where, "--no-pager", "--no-ask-password", ...args];
    const run = async (signal: AbortSignal | undefined) => {
      for (let attempt = 1; ; attempt += 1) {
        const ended = await execute("systemctl", command, { signal });
        if (ended.code === 0 || attempt === 30 || !DISCONNECTED.test(ended.stderr)) return ended;
        await delay(100, undefined, { signal });
      }
    };
    return this.#reported(() =>
      this.#options.asLibrary ? run(this.signal) : withPatience(args[0] ?? "", run, { signal: this.signal }),
    );
  }

  /** Runs systemctl, and rejects if it fails. Resolves to its output. */
  async mustRun(...args: string[]): Promise<string> {
    const ended = await this.run(...args);
    if (ended.code !== 0)
      throw this.refused(args.filter((argument) => !argument.startsWith("--")).join(" "), ended);
    return ended.stdout;
  }

  /**
   * Properties of several units, in order. A unit that does not exist has them too, but properties of other
   * unit types are missing. So also ask for `Id` or `LoadState`. Timestamps are `@` and the seconds since
   * 1970, or empty.
   */
  async show<Name extends string>(
    units: readonly string[],
    names: readonly Name[],
  ): Promise<Properties<Name>[]> {
    const { once } = this.#options;
    if (once === undefined) return this.#ask(units, names);
    const asked = [...new Set(units)].filter((unit) => !this.#answers.has(unit));
    const answers = await this.#ask(asked, once);
    for (const [index, unit] of asked.entries()) this.#answers.set(unit, answers[index]!);
    return units.map((unit) => this.#answers.get(unit)!);
  }

  async #ask<Name extends string>(
    units: readonly string[],
    names: readonly Name[],
  ): Promise<Properties<Name>[]> {
    if (units.length === 0) return [];
    const options = ["--timestamp=unix", `--property=${names.join(",")}`];
    return showUnits(async (...args) => this.mustRun("show", ...args), units, options);
  }

  /** Runs another systemd program for the same manager, such as systemd-run, whatever its exit status. */
  async runProgram(file: string, ...args: string[]): Promise<Ended> {
    return this.#execute(file, [...this.#forUser, ...args]);
  }

  /** Runs journalctl, whatever its exit status. Its options select the units. */
  async runJournalctl(...args: string[]): Promise<Ended> {
    return this.#execute("journalctl", args);
  }

  /** systemd's version, such as 257. */
  async version(): Promise<number> {
    const { stdout } = await this.#execute("systemctl", ["--version"]);
    return Number(VERSION.exec(stdout)?.[1]);
  }

  /** Whether the service manager runs, and answers. */
  async isRunning(): Promise<boolean> {
    try {
      await this.mustRun("show", "--property=Version");
      return true;
    } catch (error) {
      if (error instanceof CliError) return false;
      throw error;
    }
  }

  /** The error for a systemctl command that failed. */
  refused(what: string, { code, stderr }: Ended): Error {
    const why = stderr.trim();
    return this.#error(
      `systemctl ${what} exited with ${code}: ${why}`,
      refusalOf(why, this.user),
      `Run the command yourself to see more: ${this.systemctl} status`,
    );
  }

  #error(message: string, refusal: Refusal, otherwise: string, cause?: unknown): Error {
    if (this.#options.asLibrary) return this.#options.asLibrary(message, refusal, cause);
    const hint = refusal === undefined ? otherwise : this.#hints[refusal];
    return new CliError("SOCKACT_ERR_SYSTEMCTL", message, hint, { exitCode: EXIT.failed, cause });
  }

  get #hints(): Record<Exclude<Refusal, undefined>, string> {
    return {
      missing:
        this.#root === "/"
          ? "Run it on a machine with systemd."
          : "sockact uses it to enable the socket. Install systemd here too.",
      denied: `Run it as root: ${sameCommand()}\nOr run it as a user whom polkit allows to manage the units. For a unit of your own manager, add --user.`,
      unreachable: this.user
        ? "Run it in a login session of the user who owns these services. sudo and su do not start one. In Debian, the session needs the package dbus-user-session."
        : "Run it on the machine of the service. For a unit of your own manager, add --user.",
    };
  }

  get #forUser(): string[] {
    return this.user ? ["--user"] : [];
  }

  async #execute(file: string, args: readonly string[]): Promise<Ended> {
    return this.#reported(() => execute(file, args, { signal: this.signal }));
  }

  /** Converts the error of a program that can't run into one with a hint. */
  async #reported(run: () => Promise<Ended>): Promise<Ended> {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error;
      throw this.#error(
        error.message,
        error.isMissing ? "missing" : undefined,
        "Run the command again.",
        error,
      );
    }
  }
}

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
