import { execFile } from "node:child_process";
import { RollingError } from "./rolling-error.ts";

/** How a command ended. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** A unit's properties, as `systemctl show` names and prints them. */
export type Properties<Name extends string> = Record<Name, string>;

/** The service manager, asked by its own commands. */
export class Systemctl {
  readonly #user: boolean;
  readonly #signal: AbortSignal | undefined;

  constructor(user: boolean, signal?: AbortSignal) {
    this.#user = user;
    this.#signal = signal;
  }

  /** Runs systemctl, whatever its exit status. */
  run(...args: string[]): Promise<Ended> {
    const scope = this.#user ? ["--user"] : [];
    return this.#command("systemctl", [...scope, "--no-pager", "--no-ask-password", ...args]);
  }

  /** Properties of several units, in their order; a unit that does not exist has them too. */
  async show<Name extends string>(
    units: readonly string[],
    names: readonly Name[],
  ): Promise<Properties<Name>[]> {
    const ended = await this.run("show", `--property=${names.join(",")}`, "--", ...units);
    if (ended.code !== 0) throw refused("show", ended);
    return ended.stdout
      .trim()
      .split("\n\n")
      .map((block) => {
        const pairs = block.split("\n").map((line) => line.split(/=(.*)/s).slice(0, 2));
        return Object.fromEntries(pairs) as Properties<Name>;
      });
  }

  /** The last lines of a unit's journal since a time in milliseconds, the oldest first; none where it cannot be read. */
  async journal(unit: string, since: number): Promise<string[]> {
    // Journald reads what services print in its own time; root alone can wait until it has.
    await this.#command("journalctl", ["--sync"]).catch(() => {});
    const ended = await this.#command("journalctl", [
      this.#user ? `--user-unit=${unit}` : `--unit=${unit}`,
      `--since=@${(since / 1000).toFixed(3)}`,
      ..."--no-pager --quiet --output=cat --lines=30".split(" "),
    ]).catch(() => undefined);
    return ended?.stdout.split("\n").filter((line) => line !== "") ?? [];
  }

  #command(file: string, args: string[]): Promise<Ended> {
    return new Promise((resolve, reject) => {
      const options = { encoding: "utf8", maxBuffer: 16 * 1024 * 1024, signal: this.#signal } as const;
      execFile(file, args, options, (error, stdout, stderr) => {
        const { code } = error ?? { code: 0 };
        if (typeof code === "number") resolve({ code, stdout, stderr });
        else if (code === "ENOENT") reject(absent(file, error));
        else reject(error);
      });
    });
  }
}

function absent(file: string, cause: unknown): RollingError {
  return new RollingError(
    "ERR_ROLL_SYSTEMCTL",
    `${file} was not found`,
    "run it where systemd runs the service",
    {
      cause,
    },
  );
}

/** The error for a systemctl that did not do what it was told. */
export function refused(what: string, { code, stderr }: Ended): RollingError {
  return new RollingError(
    "ERR_ROLL_SYSTEMCTL",
    `systemctl ${what} exited with ${code}: ${stderr.trim()}`,
    "run it as root, or with user: true for a unit of the user's own manager",
  );
}
