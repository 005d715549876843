import process from "node:process";
import { EXPOSURE } from "../printed/systemd-analyze.ts";
import { execute, ProgramError, type Ended } from "../shared/execute.ts";

/** The service manager. */
interface Manager {
  user: boolean;
  signal?: AbortSignal | undefined;
}

/** Runs systemd-analyze, whatever its exit status. `undefined` if it is not installed. */
export async function systemdAnalyze(
  { user, signal }: Manager,
  ...args: readonly string[]
): Promise<Ended | undefined> {
  // Its messages are parsed.
  const env = { ...process.env, LC_ALL: "C.UTF-8", SYSTEMD_COLORS: "0", SYSTEMD_LOG_LEVEL: "notice" };
  try {
    return await execute("systemd-analyze", [...(user ? ["--user"] : []), ...args], { env, signal });
  } catch (error) {
    if (error instanceof ProgramError && error.isMissing) return undefined;
    throw error;
  }
}

/**
 * The exposure of each service in `systemd-analyze security`: 0 is the best, 10 the worst. A service without
 * a rating is missing. Without systemd-analyze, the result is empty.
 */
export async function readExposure(
  manager: Manager,
  services: readonly string[],
): Promise<Map<string, number>> {
  if (services.length === 0) return new Map();
  // Its JSON has each test of the unit, but not the result.
  const ended = await systemdAnalyze(manager, "--no-pager", "security", ...services).catch(() => undefined);
  const found = [...(ended?.stdout.matchAll(EXPOSURE) ?? [])];
  // A template is rated as an instance that does not exist.
  return new Map(
    found.map(([, unit = "", level]) => [unit.replace("@test_instance.", "@."), Number(level)] as const),
  );
}
