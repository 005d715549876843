import type { PrivateSystemd } from "@sockact/testkit";

/** Writes the units of an example into a private systemd, as `sockact install` would, and returns their files. Nothing is started. */
export async function writeUnits(systemd: PrivateSystemd, folder: string): Promise<string[]> {
  const sockact = `${systemd.project}/packages/cli/bin/sockact.cjs`;
  // The examples tell systemd that they are ready, which sockact refuses to write for an older version. On such a systemd, the other tests still run.
  const args = ["units", "--systemd", "253", "--comments", "--json", "--out", "/etc/systemd/system"];
  // The files belong to the user who has checked out the project. Root would refuse a config of another user, except of the one who called sudo.
  const owner = (await systemd.mustRun(["stat", "--format=%u", folder])).trim();
  const written = await systemd.mustRun([systemd.node, sockact, ...args], {
    cwd: folder,
    env: { SUDO_UID: owner },
  });
  return (JSON.parse(written) as { path: string }[]).map(({ path }) => path);
}
