import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { AppDescription } from "@sockact/units";
import { unitFolder, withoutHeader } from "../install/install.ts";
import { unifiedDiff } from "../output/diff.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import type { Invoker } from "../shared/invoker.ts";

/** A unit compared with the installed one. */
export interface UnitDifference {
  unit: string;
  /** Its installation path. */
  path: string;
  state: "same" | "differs" | "not installed";
  /** A unified diff, empty if they are equal. */
  diff: string;
}

/** The path at which `sockact install` installs a unit. */
export function installedPath(unit: string, { manager }: AppDescription, { home }: Invoker): string {
  return join(unitFolder({ user: manager === "user", root: "/" }, unit, home), unit);
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
    const message = `can't read ${path}: ${(error as Error).message}`;
    throw new CliError("SOCKACT_ERR_UNITS_READ", message, "Run it as root.", {
      exitCode: EXIT.failed,
      cause: error,
    });
  }
}
