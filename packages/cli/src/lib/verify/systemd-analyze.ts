import process from "node:process";
import { execute, ProgramError, type Ended } from "../shared/execute.ts";

/** Runs systemd-analyze. `undefined`: this machine has none. */
export async function systemdAnalyze(args: readonly string[], isUser: boolean): Promise<Ended | undefined> {
  // Its messages are parsed.
  const env = { ...process.env, LC_ALL: "C.UTF-8", SYSTEMD_COLORS: "0", SYSTEMD_LOG_LEVEL: "notice" };
  try {
    return await execute("systemd-analyze", [...(isUser ? ["--user"] : []), ...args], { env });
  } catch (error) {
    if (error instanceof ProgramError && error.isMissing) return undefined;
    throw error;
  }
}
