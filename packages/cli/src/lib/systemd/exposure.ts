import type { ServiceManager } from "./service-manager.ts";

/**
 * How exposed each service is by what its unit allows, as `systemd-analyze security` finds it: 0 is the best, 10 the worst. A service that it
 * can't judge is missing, and without systemd-analyze there is none.
 */
export async function readExposure(
  manager: ServiceManager,
  services: readonly string[],
): Promise<Map<string, number>> {
  if (services.length === 0) return new Map();
  // As JSON it has each test of the unit, and not the result.
  const ended = await manager
    .runProgram("systemd-analyze", "--no-pager", "security", ...services)
    .catch(() => undefined);
  const found = [...(ended?.stdout.matchAll(/exposure level for (\S+?):? ([\d.]+)/g) ?? [])];
  // A template is judged as an instance that does not exist.
  return new Map(
    found.map(([, unit = "", level]) => [unit.replace("@test_instance.", "@."), Number(level)] as const),
  );
}
