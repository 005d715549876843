import type { PrivateSystemd } from "@sockact/testing";

/**
 * A rolling restart of the app with `rolling: true` in a private systemd, by the function of the package
 * `sockact`.
 */
export async function roll(systemd: PrivateSystemd): Promise<void> {
  const program = systemd.inside(new URL("roll-program.mjs", import.meta.url));
  await systemd.mustRun([systemd.node, program, "app"]);
}
