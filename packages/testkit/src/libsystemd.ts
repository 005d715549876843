import { execFileSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** LISTEN_ variables; `$PID` stands for the pid of the process that calls libsystemd. */
export type ListenVariables = Partial<
  Record<"LISTEN_PID" | "LISTEN_PIDFDID" | "LISTEN_FDS" | "LISTEN_FDNAMES", string>
>;

/** The result of sd_listen_fds_with_names(3). */
export interface LibsystemdAnswer {
  /** The number of descriptors, or a negative errno. */
  result: number;
  names: string[];
  /** The variables that were not removed. */
  left: string[];
}

/**
 * Calls the libsystemd of this machine with these environments.
 *
 * @param open how many descriptors from 3 on are open in that process
 */
export function askLibsystemd(
  environments: readonly ListenVariables[],
  open: number,
): { pid: number; answers: LibsystemdAnswer[] } {
  const program = fileURLToPath(new URL("libsystemd.mjs", import.meta.url));
  const output = execFileSync(process.execPath, [program], {
    input: JSON.stringify({ environments, open }),
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  return JSON.parse(output) as { pid: number; answers: LibsystemdAnswer[] };
}
