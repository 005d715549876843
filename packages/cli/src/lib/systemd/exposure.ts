import type { ServiceManager } from "./service-manager.ts";
import { EXPOSURE } from "../printed/systemd.ts";

/**
 * How exposed each service is, as `systemd-analyze security` rates its unit: 0 is the best, 10 the worst. A service that can't be rated is missing.
 * Without systemd-analyze, the result is empty.
 */
export async function readExposure(
  manager: ServiceManager,
  services: readonly string[],
): Promise<Map<string, number>> {
  if (services.length === 0) return new Map();
  // Its JSON has each test of the unit, but not the result.
  const ended = await manager
    .runProgram("systemd-analyze", "--no-pager", "security", ...services)
    .catch(() => undefined);
  const found = [...(ended?.stdout.matchAll(EXPOSURE) ?? [])];
  // A template is judged as an instance that does not exist.
  return new Map(
    found.map(([, unit = "", level]) => [unit.replace("@test_instance.", "@."), Number(level)] as const),
  );
}
