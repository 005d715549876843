// What the tests of `sockact install`'s transaction have in common: a private systemd, and a service that is
// called shop.
import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { bootPrivateSystemd, type PrivateSystemd } from "@sockact/testkit";
import type { AppDescription } from "@sockact/units";
import { afterAll, afterEach, beforeAll } from "vitest";
import type { InstallPlan } from "../src/lib/install/install.ts";
import { Installer, type Outcome, shopPlan, writeInstaller } from "./installer.ts";
import type { InstallerOptions } from "./programs/installer.ts";

export const UNITS = "/etc/systemd/system";
export const STATE = "/var/lib/sockact";

/** What an installation consists of: its files, its links, and what runs. */
export interface Everything {
  units: Record<string, string>;
  state: Record<string, string>;
  running: string[];
}

export const nothing: Everything = { units: {}, state: {}, running: [] };

/** Every file and link below a folder, with what is in it. */
export async function filesBelow(root: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(root.length + 1);
    found[name] = entry.isSymbolicLink() ? `-> ${await readlink(path)}` : await readFile(path, "utf8");
  }
  return found;
}

/** Boots a systemd for the tests of this suite, and removes after each of them what it has installed. */
export function useInstallation() {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    await writeInstaller(systemd);
  });
  afterAll(() => systemd?.close());
  afterEach(async () => {
    const clean = `systemctl stop 'shop*' 'blog*' 'other*'; systemctl reset-failed
      rm -rf ${UNITS}/* ${UNITS}/.sockact-* ${STATE} /var/lib/shop /var/lib/private/shop /run/shop* && systemctl daemon-reload`;
    await systemd.mustRun(["sh", "-c", clean]);
  });

  const plan = (fields: Partial<AppDescription> = {}, further: Partial<InstallPlan> = {}): InstallPlan =>
    shopPlan(systemd, fields, further);
  const start = (what: InstallPlan, options: Partial<InstallerOptions> = {}): Installer =>
    new Installer(systemd, { plan: what, ...options });
  const install = (what = plan(), options: Partial<InstallerOptions> = {}): Promise<Outcome> =>
    start(what, options).ended;
  const filesIn = (folder: string): Promise<Record<string, string>> => filesBelow(systemd.hostPath(folder));

  /** The process that answers. */
  async function ask(port = 80): Promise<{ pid: number }> {
    return JSON.parse((await systemd.request(`http://127.0.0.1:${port}/`)).body) as { pid: number };
  }

  async function everything(): Promise<Everything> {
    const units = await systemd.mustRun([
      "sh",
      "-c",
      "systemctl list-units --all --plain --no-legend 'shop*' | sort",
    ]);
    const running = units
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter(([, load, active]) => load !== "not-found" || active !== "inactive")
      .map(([unit, , active]) => `${unit} ${active}`);
    return {
      units: await filesIn(UNITS),
      state: await filesIn(STATE),
      running: running.filter((line) => line !== " undefined"),
    };
  }

  return {
    get systemd(): PrivateSystemd {
      return systemd;
    },
    plan,
    start,
    install,
    filesIn,
    ask,
    everything,
  };
}
