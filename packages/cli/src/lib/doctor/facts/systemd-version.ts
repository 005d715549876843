import type { Host } from "../model/host.ts";

/** systemd's version, such as 257. */
export async function systemdVersion({ manager }: Host): Promise<number> {
  return manager.version();
}
