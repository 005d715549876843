import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describeWith } from "@sockact/testkit";
import type { AppDescription } from "@sockact/units";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { InstallPlan } from "../src/lib/install/install.ts";
import { folderWith } from "./app-folder.ts";
import { filesBelow } from "./installation.ts";
import { bundleInstaller, Installer, type Outcome, planFor } from "./installer.ts";
import { sockactIn } from "./outcome.ts";
import type { InstallerOptions } from "./programs/installer.ts";

// Nothing runs below a root folder: systemctl only makes links there. So these tests need no service manager.
describeWith({ commands: ["systemctl"] }, "sockact install below a root folder", () => {
  let folder: string;
  let image: string;

  beforeAll(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "sockact-image-")));
    const { script, manifest } = await bundleInstaller();
    mkdirSync(join(folder, "installer/dist"), { recursive: true });
    writeFileSync(join(folder, "installer/dist/installer.mjs"), script);
    writeFileSync(join(folder, "installer/package.json"), manifest);
    image = join(folder, "image");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  beforeEach(async () => {
    await rm(image, { recursive: true, force: true });
    await mkdir(image);
  });

  const plan = (fields: Partial<AppDescription> = {}, further: Partial<InstallPlan> = {}): InstallPlan =>
    planFor(
      { name: "shop", exec: ["/usr/bin/true"], sockets: [{ listen: 80 }], ...fields },
      { root: image, ...further },
    );
  const start = (what: InstallPlan, options: Partial<InstallerOptions> = {}): Installer => {
    const place = {
      node: process.execPath,
      script: join(folder, "installer/dist/installer.mjs"),
      spawn: ([program, ...args]: readonly string[]) => spawn(program!, args, { stdio: "pipe" }),
    };
    return new Installer(place, { plan: what, ...options });
  };
  const install = (what = plan(), options: Partial<InstallerOptions> = {}): Promise<Outcome> =>
    start(what, options).ended;

  it("writes and enables the units, and starts nothing", async () => {
    const { steps, error } = await install();
    expect(error).toBeUndefined();
    expect(steps.map(({ type }) => type)).toEqual([
      "staged",
      "written",
      "written",
      "written",
      "reloaded",
      "enabled",
    ]);
    expect(await filesBelow(image)).toMatchObject({
      "etc/systemd/system/shop.socket": expect.stringContaining("ListenStream=80"),
      "etc/systemd/system/shop.service": expect.stringContaining("ExecStart="),
      "etc/systemd/system/sockets.target.wants/shop.socket": "-> /etc/systemd/system/shop.socket",
      "var/lib/sockact/shop/manifest.json": expect.any(String),
    });
    expect((await install(plan(), { uninstall: true })).error).toBeUndefined();
    expect(await filesBelow(image)).toEqual({});
  });

  it("refuses the name of a unit that the image has", async () => {
    await mkdir(join(image, "usr/lib/systemd/system"), { recursive: true });
    await writeFile(join(image, "usr/lib/systemd/system/shop.service"), "[Service]\nExecStart=/bin/true\n");
    expect((await install()).error).toMatchObject({ code: "SOCKACT_ERR_INSTALL_FOREIGN" });
  });

  it("refuses two services of a config with the same folder and different users, before it writes", async () => {
    const services = (one: object, other: object) => [
      { name: "shop", exec: ["/usr/bin/true"], sockets: [{ listen: 80 }], ...one },
      { name: "blog", exec: ["/usr/bin/true"], sockets: [{ listen: 81 }], ...other },
    ];
    const call = (one: object, other: object, ...args: string[]) =>
      sockactIn(folderWith({ "sockact.config.json": services(one, other) }), [
        "install",
        "--yes",
        "--root",
        image,
        ...args,
      ]);
    const same = { stateDirectory: ["files", "shared"] };
    const { status, stderr } = call(same, { cacheDirectory: "files", stateDirectory: "shared" });
    expect(stderr).toContain(
      `shop.service and blog.service have the same folder, ${image}/var/lib/shared, and different users`,
    );
    expect(stderr).toContain("(SOCKACT_ERR_INSTALL_FOREIGN)");
    expect(status).toBe(1);
    expect(await filesBelow(image)).toEqual({});
    const accepted = [
      call(same, { stateDirectory: "blog" }, "--dry-run"),
      call({ user: "daemon", ...same }, { user: "daemon", ...same }, "--dry-run"),
      call(same, same, "--force"),
      // They have it already.
      call(same, same),
    ];
    expect(accepted.filter((result) => result.status !== 0)).toEqual([]);
  });

  it("never writes through a link that appears after the check", async () => {
    const elsewhere = join(folder, "elsewhere");
    await mkdir(elsewhere);
    await writeFile(join(elsewhere, "shop.socket"), "victim\n");
    const units = join(image, "etc/systemd/system");
    // In the place of a unit: the link itself is replaced.
    const one = start(plan(), { pauseAt: "staged" });
    await one.until("paused");
    await symlink(join(elsewhere, "shop.socket"), join(units, "shop.socket"));
    one.resume();
    await one.ended;
    // In the place of the folder: it is refused, and nothing was written there.
    await rm(image, { recursive: true });
    await mkdir(image);
    const two = start(plan(), { pauseAt: "staged" });
    await two.until("paused");
    await rename(units, `${units}.moved`);
    await symlink(elsewhere, units);
    two.resume();
    const { error } = await two.ended;
    expect(error).toMatchObject({ code: "SOCKACT_ERR_INSTALL_UNDO" });
    expect(await filesBelow(elsewhere)).toEqual({ "shop.socket": "victim\n" });
    // Once the folder is back, the next call puts back the rest.
    await rm(units);
    await rename(`${units}.moved`, units);
    const repaired = await install();
    expect(repaired.steps[0]).toEqual({ type: "recovered", notStarted: [] });
    expect(repaired.error).toBeUndefined();
  });

  const preload = (text: string) => ({
    extraFiles: [{ path: "/var/lib/sockact/shop/files/preload.mjs", text, mode: 0o644 }],
  });
  const sockets = [
    { listen: 80, name: "http" },
    { listen: 81, name: "admin" },
  ];
  const first = () => plan({ sockets }, preload("1"));
  const second = () => plan({ sockets: [{ listen: 82, name: "http" }] }, preload("2"));

  const MANIFEST_FILE = "var/lib/sockact/shop/manifest.json";
  const withoutTime = (files: Record<string, string>) => ({
    ...files,
    [MANIFEST_FILE]: files[MANIFEST_FILE]!.replace(/"installedAt": .*/, ""),
  });

  /**
   * Kills the installation of the second version before a change of the file system, and installs the first
   * one again.
   */
  async function killBefore(at: number): Promise<object> {
    const killed = await install(second(), { killBeforeChange: at });
    const { error } = await install(first());
    return {
      at,
      ended: "result" in killed || "error" in killed,
      error,
      files: withoutTime(await filesBelow(image)),
    };
  }
  /** Installs the first version, and counts the changes that the second one makes. */
  async function prepare(): Promise<{ before: Record<string, string>; changes: number }> {
    await install(first());
    const { changes } = await install(second());
    await install(first());
    return { before: withoutTime(await filesBelow(image)), changes: changes! };
  }

  it("restores the old version at the next call, when it was killed halfway or before its last change", async () => {
    const { before, changes } = await prepare();
    expect(changes).toBeGreaterThan(20);
    for (const at of [Math.trunc(changes / 2), changes - 1])
      expect(await killBefore(at)).toEqual({ at, ended: false, error: undefined, files: before });
  });

  it(
    "restores the old version at the next call, wherever it was killed",
    { tags: "campaign", timeout: 300_000 },
    async () => {
      const { before, changes } = await prepare();
      for (let at = 0; at < changes; at += 1)
        expect(await killBefore(at)).toEqual({ at, ended: false, error: undefined, files: before });
    },
  );
});
