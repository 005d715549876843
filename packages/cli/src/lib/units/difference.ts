import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { AppDescription } from "@sockact/units";
import { withoutHeader } from "../install/install.ts";
import { unifiedDiff } from "../output/diff.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import type { Invoker } from "../shared/invoker.ts";

/** A unit next to the one that is installed. */
export interface UnitDifference {
  unit: string;
  /** Where it would be installed. */
  path: string;
  state: "same" | "differs" | "not installed";
  /** A unified diff, empty if it is the same. */
  diff: string;
}

/** Where `sockact install` puts a unit. Podman reads the files of containers from another folder. */
export function installedPath(unit: string, { manager }: AppDescription, { home }: Invoker): string {
  const folder = unit.endsWith(".container")
    ? "containers/systemd"
    : manager === "user"
      ? "systemd/user"
      : "systemd/system";
  const configHome = process.env["XDG_CONFIG_HOME"];
  const base =
    manager === "user" ? (configHome?.startsWith("/") ? configHome : join(home, ".config")) : "/etc";
  return join(base, folder, unit);
}

/** Compares a unit with the installed one. */
export function differenceOf(unit: string, text: string, path: string): UnitDifference {
  const installed = readInstalled(path);
  if (installed === text) return { unit, path, state: "same", diff: "" };
  return {
    unit,
    path,
    state: installed === undefined ? "not installed" : "differs",
    diff: unifiedDiff(
      { path: installed === undefined ? "/dev/null" : path, text: installed ?? "" },
      { path: unit, text },
    ),
  };
}

/** Reads an installed unit, without the header of `sockact install`. */
function readInstalled(path: string): string | undefined {
  try {
    return withoutHeader(readFileSync(path, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new CliError(
      "SOCKACT_ERR_UNITS_READ",
      `can't read ${path}: ${(error as Error).message}`,
      "Run it as root.",
      {
        exitCode: EXIT.failed,
        cause: error,
      },
    );
  }
}
