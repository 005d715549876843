// The newest Caddy of Debian, which differs from the one of the machine.
import type { PrivateSystemd } from "@sockact/testkit";
import { Debian } from "../../../scripts/lib/debian.ts";

/** What its download needs. */
export const downloading = ["debootstrap", "apt-get"];

/** How long the first download may take, in milliseconds. */
export const DOWNLOAD = 300_000;

/** Puts the Caddy of Debian sid, with its unit, in the place of the machine's Caddy. */
export async function replaceCaddy(systemd: PrivateSystemd): Promise<void> {
  const { root } = await Debian.ofSuite("sid", { folder: "sid-caddy", packages: "caddy" });
  const inside = systemd.inside(root);
  await systemd.mustRun(["mount", "--bind", `${inside}/usr/bin/caddy`, "/usr/bin/caddy"]);
  await systemd.mustRun(["cp", `${inside}/usr/lib/systemd/system/caddy.service`, "/run/systemd/system"]);
  await systemd.systemctl("daemon-reload");
}
