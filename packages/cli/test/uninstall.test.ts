import { mkdir } from "node:fs/promises";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import type { AppDescription } from "@sockact/units";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { InstallPlan } from "../src/lib/install/install.ts";
import { Installer, shopPlan, writeInstaller } from "./installer.ts";
import type { InstallerOptions } from "./programs/installer.ts";
import { sockactInside } from "./run.ts";

const UNITS = "/etc/systemd/system";

/** The output without the list of what was removed. */
const result = (stdout: string) => stdout.replace(/^Removed:\n(?: {2}.*\n)+/m, "");

describeWith({ privateSystemd: true, systemd: 253 }, "sockact uninstall", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    await writeInstaller(systemd);
  });
  afterAll(() => systemd?.close());
  afterEach(async () => {
    await systemd.run(["sh", "-c", "systemctl stop 'shop*'; systemctl reset-failed"]);
    const folders = `${UNITS}/* /var/lib/sockact /var/lib/shop /var/lib/private /run/shop.sock`;
    await systemd.mustRun(["sh", "-c", `rm -rf ${folders}; systemctl daemon-reload`]);
  });

  const plan = (fields: Partial<AppDescription> = {}, further: Partial<InstallPlan> = {}): InstallPlan =>
    shopPlan(systemd, fields, further);
  const run = (options: Partial<InstallerOptions> = {}, what = plan()) =>
    new Installer(systemd, { plan: what, ...options }).ended;

  const sockact = (...args: string[]) => systemd.run([...sockactInside(systemd), ...args]);

  /** What is left of an installation: files, and units that systemd knows. */
  async function left(): Promise<string[]> {
    const found = await systemd.mustRun([
      "sh",
      "-c",
      `find ${UNITS} /var/lib/sockact /var/lib/shop /var/lib/private/shop /var/cache/shop /run/shop.sock -mindepth 0 ! -path ${UNITS} 2>/dev/null
       systemctl list-units --all --plain --no-legend 'shop*'`,
    ]);
    return found.split("\n").filter((line) => line !== "");
  }

  it("stops the service and removes all files, and leaves nothing", async () => {
    const files = [{ path: "/var/lib/sockact/shop/files/preload.mjs", text: "1", mode: 0o644 }];
    await run({}, plan({ cacheDirectory: "shop", sockets: [{ listen: 80 }] }, { extraFiles: files }));
    await systemd.request("http://127.0.0.1/");
    const shown = await sockact("uninstall", "shop", "--dry-run");
    expect(shown.stdout).toBe(`Stops:
  shop.socket
  shop.service
Removes:
  ${UNITS}/shop.socket
  ${UNITS}/shop.service
  ${files[0]!.path}
  /var/lib/shop (empty)
  /var/cache/shop (empty)
Nothing was changed: --dry-run.
`);
    expect(await systemd.show("shop.service", "ActiveState")).toBe("active");
    expect(await sockact("uninstall", "shop", "--yes")).toEqual({
      stdout: `Uninstalled shop.
Removed:
  ${UNITS}/shop.socket
  ${UNITS}/shop.service
  ${files[0]!.path}
  /var/lib/shop (empty)
  /var/cache/shop (empty)
`,
      stderr: "Stopping shop\nRemoving its files\n",
      code: 0,
    });
    expect(await left()).toEqual([]);
    await expect(systemd.request("http://127.0.0.1/")).rejects.toThrow("ECONNREFUSED");
  });

  it("lets the service finish its open requests", async () => {
    await run();
    const held = systemd.request("http://127.0.0.1/hold");
    await systemd.waitForJournal("shop.service", /holds/);
    const { code } = await sockact("uninstall", "shop", "--yes");
    expect(code).toBe(0);
    expect((await held).body).toBe("held to the end");
  });

  it("leaves the service's data unless you add --purge", async () => {
    await run({}, plan({ environment: { KEEP: "1" } }));
    await systemd.request("http://127.0.0.1/");
    const stays = "Stays:\n  /var/lib/shop: data of the service\nTo remove the data too: --purge\n";
    expect((await sockact("uninstall", "shop", "--dry-run")).stdout).toContain(stays);
    const { stdout } = await sockact("uninstall", "shop", "--yes");
    expect(result(stdout)).toBe(`Uninstalled shop.
Stays:
  /var/lib/shop: data of the service
To remove the data: sudo rm -r /var/lib/shop /var/lib/private/shop
`);
    expect(await systemd.mustRun(["cat", "/var/lib/private/shop/kept"])).toBe("data");
    await run({}, plan({ environment: { KEEP: "1" } }));
    await systemd.request("http://127.0.0.1/");
    expect(result((await sockact("uninstall", "shop", "--yes", "--purge")).stdout)).toBe(
      "Uninstalled shop.\n",
    );
    expect(await left()).toEqual([]);
  });

  it("leaves or removes the data of a folder that an update has dropped, too", async () => {
    await run({}, plan({ environment: { KEEP: "1" }, cacheDirectory: "shop" }));
    await systemd.request("http://127.0.0.1/");
    const without = plan({ stateDirectory: false });
    expect((await run({}, without)).error).toBeUndefined();
    expect(result((await sockact("uninstall", "shop", "--yes")).stdout)).toBe(`Uninstalled shop.
Stays:
  /var/lib/shop: data of the service
To remove the data: sudo rm -r /var/lib/shop /var/lib/private/shop
`);
    expect(await systemd.mustRun(["cat", "/var/lib/private/shop/kept"])).toBe("data");
    await run({}, without);
    const shown = await sockact("uninstall", "shop", "--dry-run", "--purge");
    expect(shown.stdout).toContain("  /var/lib/shop (the data of the service)\n");
    expect(result((await sockact("uninstall", "shop", "--yes", "--purge")).stdout)).toBe(
      "Uninstalled shop.\n",
    );
    expect(await left()).toEqual([]);
  });

  it("leaves data that another service uses, even with --purge", async () => {
    // Neither is a unit of shop, whatever its name is, and systemd has loaded neither.
    const user = "[Service]\nDynamicUser=yes\nExecStart=/bin/true\n";
    await systemd.write("/run/systemd/system/shop-notes.service", user);
    await systemd.write(
      "/run/systemd/system/shop-notes.service.d/a.conf",
      "[Service]\nStateDirectory=shop/inner\n",
    );
    await systemd.systemctl("daemon-reload");
    await run({}, plan({ environment: { KEEP: "1" }, cacheDirectory: "shop" }));
    await systemd.request("http://127.0.0.1/");
    const two = plan({ name: "notes-two", sockets: [{ listen: 81 }], cacheDirectory: "shop" });
    expect((await run({ force: true }, two)).error).toBeUndefined();
    const { stdout } = await sockact("uninstall", "shop", "--yes", "--purge");
    expect(result(stdout)).toBe(`Uninstalled shop.
Stays:
  /var/lib/shop: shop-notes.service uses it too
  /var/cache/shop: notes-two.service uses it too
`);
    expect(await systemd.mustRun(["cat", "/var/lib/private/shop/kept"])).toBe("data");
    await sockact("uninstall", "notes-two", "--yes", "--purge");
    await systemd.mustRun([
      "sh",
      "-c",
      "rm -r /run/systemd/system/shop-notes.service*; systemctl daemon-reload",
    ]);
  });

  it("leaves the data of a user that stays, who has it again after a new installation", async () => {
    const asDaemon = plan({
      user: "daemon",
      environment: { KEEP: "1", HOME: "/var/lib/shop" },
      stateDirectory: "shop",
    });
    await run({}, asDaemon);
    await systemd.request("http://127.0.0.1/");
    expect((await sockact("uninstall", "shop", "--yes")).stdout).toContain("Stays:\n  /var/lib/shop: data");
    expect((await run({}, asDaemon)).error).toBeUndefined();
    const { stdout } = await sockact("uninstall", "shop", "--dry-run", "--purge");
    expect(stdout).toContain("  /var/lib/shop (the data of the service)\n");
  });

  it("removes both instances of a rolling pair, several sockets, and the file of a unix socket", async () => {
    const sockets = [
      { listen: 80, name: "http" },
      { listen: "/run/shop.sock", name: "admin" },
    ];
    await run({}, plan({ rolling: true, sockets }));
    await systemd.start("shop@green.service");
    await systemd.request("http://127.0.0.1/");
    expect((await sockact("uninstall", "shop", "--yes")).code).toBe(0);
    expect(await left()).toEqual([]);
  });

  it("removes a service that has failed, and keeps a socket file in a folder of another user", async () => {
    const folder = "/run/shop-of-daemon";
    await systemd.mustRun(["install", "-d", "-o", "daemon", folder]);
    const sockets = [{ listen: `${folder}/shop.sock` }];
    await run({}, plan({ exec: ["/bin/false"], type: "simple", restart: "no", sockets }));
    await systemd.systemctl("start", "shop.service");
    await systemd.waitForUnit("shop.service", "ActiveState", "failed");
    const { stdout, code } = await sockact("uninstall", "shop", "--yes");
    expect({ stdout, code }).toEqual({
      stdout: expect.stringContaining(`Stays:\n  ${folder}/shop.sock: `),
      code: 0,
    });
    await systemd.mustRun(["rm", "-r", folder]);
    expect(await left()).toEqual([]);
  });

  it("leaves files that it did not write, and reports them", async () => {
    await run();
    await systemd.write("/run/own/mine.conf", "[Service]\nNice=5\n");
    await systemd.mustRun(["ln", "-s", "/run/own", `${UNITS}/shop.service.d`]);
    await systemd.mustRun(["sh", "-c", `echo '# mine' >> ${UNITS}/shop.socket`]);
    const { stdout, code } = await sockact("uninstall", "shop", "--yes");
    expect(code).toBe(0);
    expect(result(stdout)).toBe(`Uninstalled shop.
Stays:
  ${UNITS}/shop.socket: edited since it was installed
  ${UNITS}/shop.service.d: your own settings
`);
    expect(await systemd.mustRun(["ls", UNITS])).toBe("shop.service.d\nshop.socket\n");
    expect(await systemd.show("shop.socket", "ActiveState")).toBe("inactive");
  });

  it("refuses a service that sockact did not install, and suggests a similar name", async () => {
    await systemd.installUnits({ "other.service": "[Service]\nExecStart=/bin/true\n" });
    const other = await sockact("uninstall", "other", "--yes");
    expect(other.code).toBe(1);
    expect(other.stderr)
      .toBe(`error: sockact has not installed a service named other (SOCKACT_ERR_INSTALL_UNKNOWN)
To uninstall a service of your own service manager, add --user.
`);
    await run();
    // Other files in the folder are ignored.
    await systemd.write("/var/lib/sockact/broken/manifest.json", "{");
    await systemd.write("/var/lib/sockact/note.txt", "");
    expect((await sockact("uninstall", "shoop", "--yes")).stderr).toContain("Did you mean shop?");
    expect((await sockact("uninstall", "../shop", "--yes")).code).toBe(2);
    const silent = await sockact("uninstall", "shop");
    expect(silent).toMatchObject({ code: 2, stderr: expect.stringContaining("Add --yes") });
    expect(await systemd.show("shop.socket", "ActiveState")).toBe("active");
  });

  it("refuses --user under sudo, and both --user and --root", async () => {
    const env = { SUDO_UID: "1000", SUDO_USER: "ann" };
    const command = [...sockactInside(systemd), "uninstall", "shop"];
    const { code, stderr } = await systemd.run([...command, "--user"], { env });
    expect(code).toBe(2);
    expect(stderr).toContain("Run it without sudo: sockact uninstall");
    expect((await systemd.run([...command, "--user", "--root", "/srv"])).stderr).toContain(
      "exclude each other",
    );
  });

  it.each([
    ["lists a file elsewhere", { path: "/etc/passwd", sha256: "0" }],
    ["lists a file of another service", { path: `${UNITS}/other.service`, sha256: "0" }],
    ["leaves the folder", { path: `${UNITS}/../../passwd`, sha256: "0" }],
  ])("does not trust a manifest that %s", async (_, file) => {
    await run();
    const path = "/var/lib/sockact/shop/manifest.json";
    const manifest = JSON.parse(await systemd.mustRun(["cat", path])) as { files: unknown[] };
    manifest.files.push(file);
    await systemd.write(path, JSON.stringify(manifest));
    const { code, stderr } = await sockact("uninstall", "shop", "--yes");
    expect(code).toBe(1);
    expect(stderr).toContain("SOCKACT_ERR_INSTALL_MANIFEST");
    expect(stderr).toContain(JSON.stringify(file.path));
    expect(await systemd.show("shop.socket", "ActiveState")).toBe("active");
  });

  const killAndUninstall = async (at: number | string): Promise<object> => {
    await run();
    const killed = await run({ uninstall: true, killAt: at });
    const { error } = await run({ uninstall: true });
    return { result: killed.result, error, left: await left() };
  };
  const uninstalled = { result: undefined, error: undefined, left: [] };

  it("finishes at the next call when it is killed after it has removed a file", async () => {
    expect(await killAndUninstall("removed")).toEqual(uninstalled);
  });

  it("finishes at the next call when it is killed after any step", { tags: "campaign" }, async () => {
    await run();
    const { steps } = await run({ uninstall: true });
    expect(steps.map(({ type }) => type)).toEqual(["stopped", "disabled", "removed", "removed", "reloaded"]);
    for (const [at, { type }] of steps.entries())
      expect({ type, ...(await killAndUninstall(at)) }).toEqual({ type, ...uninstalled });
  });

  it("says what is left, and which command continues, when a step fails or is interrupted", async () => {
    await run();
    const file = `${UNITS}/shop.service`;
    // A file that is a mount point can't be removed.
    await systemd.mustRun(["mount", "--bind", file, file]);
    const failed = await sockact("uninstall", "shop", "--yes", "--purge");
    await systemd.mustRun(["umount", file]);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain(`\nshop is stopped, and of its files, these are still there: ${file} (`);
    const again = /^To continue: .*sockact (uninstall shop --purge)$/m.exec(failed.stderr)?.[1] ?? "";
    expect((await sockact(...again.split(" "), "--yes")).code).toBe(0);
    expect(await left()).toEqual([]);

    await run();
    const { error } = await run({ uninstall: true, abortAt: "stopped" });
    expect(error).toMatchObject({
      code: "SOCKACT_ERR_INSTALL_INTERRUPTED",
      message: "interrupted before shop was uninstalled; shop is stopped, and its files are still there",
      hint: expect.stringMatching(/^To continue: .* uninstall shop$/),
    });
  });

  it("works for the user's own service manager too, and follows links in the home", async () => {
    const home = "/tmp/home";
    const folder = "/run/user/0";
    const folders = { XDG_CONFIG_HOME: `${home}/.config`, XDG_STATE_HOME: `${home}/state` };
    const settings = Object.entries(folders).map(([name, value]) => `Environment=${name}=${value}\n`);
    await systemd.write("/run/systemd/system/user@0.service.d/home.conf", `[Service]\n${settings.join("")}`);
    const script = `mkdir -p ${home}/dotfiles ${folder}; chmod 700 ${folder}; ln -s dotfiles ${home}/.config`;
    await systemd.mustRun(["sh", "-euc", script]);
    await systemd.systemctl("daemon-reload");
    await systemd.start("user@0.service");
    const env = { ...folders, HOME: home, XDG_RUNTIME_DIR: folder, USER: "root" };
    const asUser = ["env", ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
    await startUserBus(systemd, asUser);
    const own = plan({ manager: "user", uid: 0, sockets: [{ listen: 8080 }] }, { user: true });
    const install = (options: Partial<InstallerOptions> = {}) =>
      new Installer(systemd, { plan: own, ...options }, asUser).ended;
    const prepared = await install({ prepareOnly: true });
    expect(prepared.error).toBeUndefined();
    expect(prepared.result!.notes).toEqual([expect.stringContaining("loginctl enable-linger")]);
    expect((await install()).error).toBeUndefined();
    await systemd.request("http://127.0.0.1:8080/");
    const files = ["find", `${home}/dotfiles`, `${home}/state`, "!", "-type", "d"];
    expect((await systemd.mustRun(files)).trim().split("\n").sort()).toEqual([
      `${home}/dotfiles/systemd/user/shop.service`,
      `${home}/dotfiles/systemd/user/shop.socket`,
      `${home}/dotfiles/systemd/user/sockets.target.wants/shop.socket`,
      `${home}/state/sockact/shop/manifest.json`,
    ]);
    const gone = await systemd.run([
      ...asUser,
      ...sockactInside(systemd),
      "uninstall",
      "shop",
      "--user",
      "--yes",
    ]);
    expect(gone).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Uninstalled shop\.\nRemoved:\n/) });
    expect((await systemd.run(files)).stdout).toBe("");
    await systemd.stop("user@0.service");
  });

  it("refuses a user who may not change the system", async () => {
    await run();
    const asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    const { code, stderr } = await systemd.run([
      ...asNobody,
      ...sockactInside(systemd),
      "uninstall",
      "shop",
      "--yes",
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/sudo|root/);
    const installing = await new Installer(systemd, { plan: plan({ description: "2" }) }, asNobody).ended;
    expect(installing.error!.hint).toMatch(/sudo|root/);
    expect(await systemd.show("shop.socket", "ActiveState")).toBe("active");
  });

  it("removes units below a root folder", async () => {
    await mkdir(systemd.hostPath("/tmp/image"));
    await run({}, plan({}, { root: "/tmp/image" }));
    const { code, stdout } = await sockact("uninstall", "shop", "--root", "/tmp/image", "--yes");
    expect({ code, stdout: result(stdout) }).toEqual({ code: 0, stdout: "Uninstalled shop.\n" });
    expect(await systemd.mustRun(["find", "/tmp/image", "!", "-type", "d"])).toBe("");
  });
});

/** A login session has a bus of its user. Since systemd 257.13, `systemctl --user clean` needs it. */
async function startUserBus(systemd: PrivateSystemd, asUser: readonly string[]): Promise<void> {
  await systemd.write("/etc/systemd/user/dbus.socket", "[Socket]\nListenStream=%t/bus\n");
  const command =
    "/usr/bin/dbus-daemon --session --address=systemd: --nofork --nopidfile --systemd-activation";
  await systemd.write(
    "/etc/systemd/user/dbus.service",
    `[Unit]\nRequires=dbus.socket\n[Service]\nType=notify\nExecStart=${command}\n`,
  );
  await systemd.mustRun([...asUser, "systemctl", "--user", "daemon-reload"]);
  await systemd.mustRun([...asUser, "systemctl", "--user", "start", "dbus.service"]);
}
