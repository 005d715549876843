import { readFile, symlink } from "node:fs/promises";
import { describeWith, type PrivateSystemd } from "@sockact/testkit";
import { beforeAll, expect, it } from "vitest";
import { planFor } from "./installer.ts";
import { sockactInside } from "./run.ts";
import { nothing, STATE, UNITS, useInstallation } from "./installation.ts";

const IMAGE = "/tmp/image";

describeWith({ privateSystemd: true, systemd: 253 }, "sockact install refuses", () => {
  const shop = useInstallation();
  const { plan, install, start, filesIn, ask, everything } = shop;
  let systemd: PrivateSystemd;
  beforeAll(() => {
    systemd = shop.systemd;
  });

  it("the name of another unit, and an alias of one", async () => {
    await systemd.write("/run/systemd/system/other.service", "[Service]\nExecStart=/bin/true\n");
    await symlink("other.service", systemd.hostPath("/run/systemd/system/blog.service"));
    await systemd.systemctl("daemon-reload");
    const codes: unknown[] = [];
    for (const name of ["systemd-journald", "other", "blog"]) {
      const { error } = await install(
        plan(
          {},
          {
            ...planFor({ name: "x", exec: ["/bin/true"], sockets: [{ listen: 80 }] }),
            name,
            units: {},
          },
        ),
      );
      codes.push(error?.code);
    }
    await systemd.mustRun([
      "sh",
      "-c",
      "rm /run/systemd/system/other.service /run/systemd/system/blog.service",
    ]);
    expect(codes).toEqual(Array(3).fill("SOCKACT_ERR_INSTALL_FOREIGN"));
  });

  it("a masked unit, and says how to unmask it", async () => {
    await symlink("/dev/null", systemd.hostPath(`${UNITS}/shop.service`));
    await systemd.systemctl("daemon-reload");
    const { error } = await install();
    expect(error).toMatchObject({
      code: "SOCKACT_ERR_INSTALL_FOREIGN",
      hint: "Unmask it: systemctl unmask shop.service",
    });
  });

  it("a file that sockact did not write, unless forced; then it keeps a backup for root alone", async () => {
    await systemd.write(`${UNITS}/shop.service`, "[Service]\nExecStart=/bin/true\n", 0o600);
    const { error } = await install();
    expect(error).toMatchObject({ code: "SOCKACT_ERR_INSTALL_FOREIGN", exitCode: 1 });
    expect(Object.keys(await filesIn(UNITS))).toEqual(["shop.service"]);
    const { result } = await install(plan(), { force: true });
    expect(result!.backups).toEqual([`${STATE}/shop/backup/shop.service`]);
    expect((await filesIn(STATE))["shop/backup/shop.service"]).toBe("[Service]\nExecStart=/bin/true\n");
    expect(await systemd.mustRun(["stat", "-c%a", result!.backups[0]!])).toBe("600\n");
    await ask();
    // An undone one puts the file back, and keeps no backup.
    const mine = `${(await filesIn(UNITS))["shop.service"]}# mine\n`;
    await systemd.write(`${UNITS}/shop.service`, mine);
    await install(plan(), { force: true, verifyError: "no" });
    expect((await filesIn(UNITS))["shop.service"]).toBe(mine);
    expect(Object.keys(await filesIn(STATE)).sort()).toEqual([
      "shop/backup/shop.service",
      "shop/manifest.json",
    ]);
  });

  it("a folder that systemd did not create, and the folder of sockact", async () => {
    await systemd.write("/var/lib/shop/data", "precious");
    const { error } = await install(plan({ stateDirectory: "shop" }));
    expect(error).toMatchObject({ code: "SOCKACT_ERR_INSTALL_FOREIGN" });
    expect(error!.message).toContain("/var/lib/shop exists already");
    const own = await install(plan({ stateDirectory: "sockact/shop" }));
    expect(own.error!.message).toContain("/var/lib/sockact/shop is the folder in which sockact records");
    expect(await everything()).toEqual(nothing);
    const [, move] = /: (sudo install .*)/.exec(error!.hint)!;
    await systemd.mustRun(["sh", "-c", move!.replaceAll("sudo ", "")]);
    expect((await install(plan({ stateDirectory: "shop" }), { force: true })).error).toBeUndefined();
    await ask();
  });

  it("the data of another service, also of one that was removed, unless forced", async () => {
    const other = (state: string) =>
      `[Service]\nType=oneshot\nRemainAfterExit=yes\nDynamicUser=yes\nStateDirectory=${state}\nExecStart=sh -c 'echo secret >/var/lib/shop/data'\n`;
    await systemd.write("/run/systemd/system/notes.service", other("shop"));
    await systemd.systemctl("daemon-reload");
    await systemd.start("notes.service");
    const ofShop = plan({ stateDirectory: "shop" });
    const whileLoaded = await install(ofShop);
    expect(whileLoaded.error).toMatchObject({ code: "SOCKACT_ERR_INSTALL_FOREIGN" });
    expect(whileLoaded.error!.message).toContain("/var/lib/shop exists already, with data of notes.service");
    await systemd.mustRun([
      "sh",
      "-c",
      "systemctl stop notes.service; rm /run/systemd/system/notes.service; systemctl daemon-reload",
    ]);
    expect((await install(ofShop)).error).toMatchObject({ code: "SOCKACT_ERR_INSTALL_FOREIGN" });
    // Without the link, systemd finds the folder too.
    await systemd.mustRun(["rm", "/var/lib/shop"]);
    expect((await install(ofShop)).error).toMatchObject({ code: "SOCKACT_ERR_INSTALL_FOREIGN" });
    expect(await everything()).toEqual(nothing);
    expect((await install(ofShop, { force: true })).error).toBeUndefined();
    await ask();
    // Now it is its own.
    expect((await install(ofShop)).error).toBeUndefined();
    expect(await systemd.mustRun(["cat", "/var/lib/private/shop/data"])).toBe("secret\n");
  });

  it("a folder in the place of the one that was left, and the app of another user", async () => {
    const ofShop = plan({ stateDirectory: "shop" });
    await install(ofShop);
    await ask();
    await systemd.write("/var/lib/private/shop/data", "left");
    const uninstall = [...sockactInside(systemd), "uninstall", "shop", "--yes"];
    await systemd.mustRun(uninstall);
    const again = await install(ofShop);
    expect(again.error).toBeUndefined();
    await systemd.mustRun(uninstall);
    await systemd.mustRun([
      "sh",
      "-c",
      "cd /var/lib/private; mv shop gone; mkdir shop; touch shop/other; rm -r gone",
    ]);
    expect((await install(ofShop)).error).toMatchObject({ code: "SOCKACT_ERR_INSTALL_FOREIGN" });

    await systemd.mustRun([
      "sh",
      "-c",
      "rm -r /var/lib/private/shop; mkdir /var/lib/other; touch /var/lib/other/app.mjs; chown -R daemon /var/lib/other",
    ]);
    await install();
    const foreign = plan({ exec: [systemd.node, "/var/lib/other/app.mjs"] });
    expect((await install(foreign)).error).toMatchObject({
      code: "SOCKACT_ERR_INSTALL_FOREIGN",
      message: expect.stringContaining("/var/lib/other/app.mjs belongs to user 1") as string,
    });
    await ask();
  });

  it("the name of another user's app, and the data that it has left, whatever the start script runs", async () => {
    await systemd.mustRun(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/srv"]);
    const serves = "require('node:http').createServer((q, s) => s.end('{}')).listen(80)";
    const write = async (user: string, script: string) => {
      await systemd.write(`/srv/${user}/server.js`, serves);
      await systemd.write(
        `/srv/${user}/package.json`,
        JSON.stringify({ name: "shop", scripts: { start: script } }),
      );
      await systemd.mustRun(["chown", "--recursive", user, `/srv/${user}`]);
    };
    const call = (user: string, ...args: string[]) =>
      systemd.run([...sockactInside(systemd), ...args, "--yes"], { cwd: `/srv/${user}`, timeout: 60_000 });
    await write("daemon", "node server.js");
    const own = await call("daemon", "install");
    expect(own).toMatchObject({ code: 0 });
    const attacks = [
      "node server.js",
      "node server.js /srv/daemon/server.js",
      "NODE_OPTIONS='--require /srv/games/server.js' node /srv/daemon/server.js",
    ];
    for (const script of attacks) {
      await write("games", script);
      const { code, stderr } = await call("games", "install");
      expect({ script, code, stderr }).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(
          "shop runs /srv/daemon of user 1, and /srv/games belongs to user 5",
        ) as string,
      });
    }
    await systemd.write("/var/lib/private/shop/data", "left");
    expect(await call("daemon", "uninstall", "shop")).toMatchObject({ code: 0 });
    expect((await call("games", "install")).stderr).toContain(
      "/var/lib/shop exists already, with the data of a service",
    );
    expect(await call("daemon", "install")).toMatchObject({ code: 0 });
  });

  it("a name that is an account, or a group, but not the user that systemd makes for the service", async () => {
    const withUser = "shop:x:1700:1700::/:/bin/sh\n";
    await systemd.mustRun(["cp", "/etc/passwd", "/etc/group", "/tmp"]);
    await systemd.mustRun(["sh", "-c", `printf '${withUser}' >>/etc/passwd`]);
    const { error } = await install();
    expect(error).toMatchObject({
      code: "SOCKACT_ERR_INSTALL_FOREIGN",
      message: "the user shop (1700) exists, and systemd would run the service as that user",
      hint: expect.stringContaining("--run-as shop") as string,
    });
    expect((await install(plan({ user: "shop" }))).error).toBeUndefined();
    await ask();
    await systemd.mustRun(["sh", "-c", "cp /tmp/passwd /etc/passwd; echo shop:x:1700: >>/etc/group"]);
    expect((await install()).error!.message).toContain("the group shop (1700) exists");
    await systemd.mustRun(["cp", "/tmp/group", "/etc/group"]);
    expect((await install()).error).toBeUndefined();
    await ask();
    const running = await install(plan({ environment: { A: "1" } }));
    expect(running.error).toBeUndefined();
    // The name of a user has no dot.
    expect((await install(plan({ name: "shop.daemon", sockets: [{ listen: 81 }] }))).error).toBeUndefined();
  });

  it("a file of its own that was edited", async () => {
    await install();
    const text = (await filesIn(UNITS))["shop.socket"]!;
    await systemd.write(`${UNITS}/shop.socket`, text.replace("ListenStream=80", "ListenStream=8080"));
    const { error } = await install();
    expect(error).toMatchObject({ code: "SOCKACT_ERR_INSTALL_EDITED" });
    expect(error!.hint).toContain("systemctl edit shop.socket");
  });

  it("a file of another installed service", async () => {
    const other = { name: "shop-admin", sockets: [{ listen: 90 }] };
    await install(plan(other));
    const { error } = await install(
      plan({
        sockets: [
          { listen: 80, name: "http" },
          { listen: 81, name: "admin" },
        ],
      }),
    );
    expect(error).toMatchObject({ code: "SOCKACT_ERR_INSTALL_FOREIGN" });
  });

  it("a symlink in place of a unit, even when forced", async () => {
    await systemd.write("/tmp/victim", "victim\n");
    await symlink("/tmp/victim", systemd.hostPath(`${UNITS}/shop.socket`));
    for (const force of [false, true]) {
      const { error } = await install(plan(), { force });
      expect(error).toMatchObject({ code: "SOCKACT_ERR_INSTALL_PATH" });
      expect(error!.message).toContain("is a symlink");
    }
    expect(await readFile(systemd.hostPath("/tmp/victim"), "utf8")).toBe("victim\n");
  });

  it("a file that has changed since it was shown", async () => {
    const paused = start(plan({ name: "blog", sockets: [{ listen: 90 }] }), { pauseAt: "staged" });
    await paused.until("paused");
    const late = start(plan());
    await late.until("waiting");
    await systemd.write(`${UNITS}/shop.socket`, "mine\n");
    paused.resume();
    expect((await late.ended).error).toMatchObject({ code: "SOCKACT_ERR_INSTALL_CHANGED" });
    expect((await paused.ended).error).toBeUndefined();
    expect((await filesIn(UNITS))["shop.socket"]).toBe("mine\n");
  });

  it("the path of a unix socket that exists for another purpose", async () => {
    const path = "/run/shop.sock";
    const withPath = plan({ sockets: [{ listen: path }] });
    const refused = async (hint: RegExp) => {
      const before = await systemd.mustRun(["stat", "--format=%i", path]);
      const { error } = await install(withPath);
      expect(error).toMatchObject({ code: "SOCKACT_ERR_INSTALL_FOREIGN", hint: expect.stringMatching(hint) });
      expect(await systemd.mustRun(["stat", "--format=%i", path])).toBe(before);
      expect(await everything()).toEqual(nothing);
    };
    await systemd.write(path, "precious");
    await refused(/^Choose another --listen/);
    await systemd.mustRun(["rm", path]);
    const program = `require("net").createServer().listen("${path}", () => console.log("ready"))`;
    const unit = "other-program.service";
    await systemd.mustRun(["systemd-run", `--unit=${unit}`, systemd.node, "-e", program]);
    // The whole line: systemd's own line about the start has the program in it.
    await systemd.waitForJournal(unit, /^ready$/);
    await refused(/^Choose another --listen/);
    await systemd.systemctl("kill", "--signal=KILL", unit);
    await systemd.waitForUnit(unit, "ActiveState", "failed");
    await refused(/sudo rm \/run\/shop\.sock/);
  });

  it("to change anything where units can't be written", async () => {
    await install();
    const { state } = await everything();
    const mount = `mount --bind ${UNITS} ${UNITS} && mount -o remount,bind,ro ${UNITS}`;
    await systemd.mustRun(["sh", "-c", mount]);
    try {
      const next = await install(plan({ description: "Version 2" }));
      expect(next.error).toMatchObject({
        code: "SOCKACT_ERR_INSTALL_WRITE",
        message: expect.stringContaining("the file system is read-only (EROFS)"),
        hint: expect.stringContaining("NixOS"),
      });
      const gone = await install(plan(), { uninstall: true });
      expect(gone.error).toMatchObject({ code: "SOCKACT_ERR_INSTALL_WRITE" });
      expect((await everything()).state).toEqual(state);
      await ask();
    } finally {
      await systemd.mustRun(["umount", UNITS]);
    }
  });

  it.each([
    ["its own folder", STATE, "size=4k"],
    ["its own folder, with no room for the first file", STATE, "nr_inodes=2"],
    ["the root", IMAGE, "size=8k"],
  ])("to fill a disk, and leaves nothing there: %s", async (_, folder, size) => {
    await systemd.mustRun(["mkdir", "-p", folder]);
    await systemd.mustRun(["mount", "-t", "tmpfs", "-o", `${size},mode=755`, "tmpfs", folder]);
    try {
      const { error } = await install(folder === STATE ? plan() : plan({}, { root: IMAGE }));
      expect(error).toMatchObject({ code: "SOCKACT_ERR_INSTALL_WRITE", exitCode: 1 });
      expect(error!.message).toContain("the disk is full (ENOSPC)");
      expect(await filesIn(folder)).toEqual({});
      expect((await systemd.run(["ls", `${folder}${folder === STATE ? "" : STATE}`])).stdout).toBe("");
      expect(await everything()).toEqual(nothing);
    } finally {
      await systemd.mustRun(["umount", folder]);
    }
  });

  it("to leave a version half written when the disk is full", async () => {
    const image = (description: string, port: number) =>
      plan({ description, sockets: [{ listen: port }] }, { root: IMAGE });
    await systemd.mustRun(["mkdir", "-p", IMAGE]);
    await systemd.mustRun(["mount", "-t", "tmpfs", "-o", "size=20k,mode=755", "tmpfs", IMAGE]);
    try {
      expect((await install(image("Version 1", 80))).error).toBeUndefined();
      const before = await filesIn(IMAGE);
      expect((await install(image("Version 2", 81))).error).toMatchObject({
        code: "SOCKACT_ERR_INSTALL_WRITE",
      });
      expect(await filesIn(IMAGE)).toEqual(before);
    } finally {
      await systemd.mustRun(["umount", IMAGE]);
    }
  });
});
