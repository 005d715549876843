import process from "node:process";
import { Command } from "commander";
import type { DoctorOptions } from "../doctor/doctor.ts";

/** `sockact doctor`. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .description(
      "Find out why a socket does not start its service, or why the service does not answer, and what to change. It changes nothing, and runs none of the app's code.",
    )
    .argument(
      "[unit]",
      "the name of a service, with or without suffix (default: every service that a socket starts)",
    )
    .option("--json", "print the findings as JSON")
    .option("--user", "look at your own service manager, not the system's")
    .addHelpText(
      "after",
      `
Examples:
  sudo sockact doctor
  sudo sockact doctor shop
  sockact doctor shop --user --json

Exit codes:
  0  nothing was found, or only hints
  1  there are warnings
  2  there are errors
  3  it could not look: wrong arguments, no such unit, no systemd`,
    )
    .action(async (unit: string | undefined, options: DoctorOptions) => {
      const { doctor } = await import("../doctor/doctor.ts");
      process.exitCode = await doctor(unit, options);
    });
}
