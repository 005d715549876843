import type { PrivateSystemd } from "@sockact/testkit";

/** Writes the units of an example into a private systemd, as `sockact install` would, and returns their files. Nothing is started. */
export async function writeUnits(systemd: PrivateSystemd, folder: string): Promise<string[]> {
  const sockact = `${systemd.project}/packages/cli/bin/sockact.cjs`;
  // The examples notify, for which sockact refuses older versions. There, the rest of them is tested.
  const args = ["units", "--systemd", "253", "--comments", "--json", "--out", "/etc/systemd/system"];
  // Whoever has checked the project out owns its files. Root would not use a config of that user.
  const owner = (await systemd.mustRun(["stat", "--format=%u", folder])).trim();
  const written = await systemd.mustRun([systemd.node, sockact, ...args], {
    cwd: folder,
    env: { SUDO_UID: owner },
  });
  return (JSON.parse(written) as { path: string }[]).map(({ path }) => path);
}
