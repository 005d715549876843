import {
  chownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { bootPrivateSystemd, describeWith } from "@sockact/testkit";
import { lintUnits } from "@sockact/units";
import { describe, expect, it } from "vitest";
import { appThatServicesSee, folderWith } from "./app-folder.ts";
import { sockactIn } from "./outcome.ts";
import { sockactInside } from "./run.ts";

const config = {
  name: "shop",
  exec: ["/usr/bin/true"],
  sockets: [{ listen: 80 }],
  description: "Sells things",
};
const shop = () => folderWith({ "sockact.config.json": config });
const app = () =>
  appThatServicesSee({
    "package.json": { name: "shop", dependencies: { express: "5" } },
    "server.js": `require("express")().listen(3000);\n`,
  });

describe("sockact units", () => {
  it("prints the units, as systemctl cat does", () => {
    const { stdout, stderr, status } = sockactIn(shop(), ["units"]);
    expect(stdout).toMatch(
      /^# shop\.socket\n\[Unit\]\nDescription=shop socket\n\n\[Socket\]\nListenStream=80\n[^]*\n\n# shop\.service\n\[Unit\]\nDescription=Sells things\n/,
    );
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  });

  it("says that only install makes the file of a bundle, which the unit loads", () => {
    const { stdout, stderr } = sockactIn(app(), ["units", "server.js", "--listen", "80", "--bundle"]);
    expect(stdout).toMatch(/ExecStart=.* --require \/var\/lib\/sockact\/shop\/files\/bundle\.cjs /);
    expect(stderr).toContain(
      "warning: shop loads the file of its bundle, which only sockact install makes\n",
    );
  });

  it("prints them for the app in the folder, with notes about the app", () => {
    const folder = app();
    const { stdout, stderr } = sockactIn(folder, [
      "units",
      "server.js",
      "--listen",
      "80",
      "--listen",
      "localhost:8080",
      "--systemd",
      "257",
      "--idle-timeout",
      "10min",
    ]);
    expect(stdout).toContain("ListenStream=80\nListenStream=127.0.0.1:8080\nListenStream=[::1]:8080\n");
    expect(stdout).toMatch(
      /ExecStart=.* --require .*register.* "?\/dev\/shm\/sockact app \w+\/server\.js"?\n/,
    );
    expect(stdout).toContain("Type=notify-reload\n");
    expect(stdout).toContain("SOCKACT_IDLE_TIMEOUT=10min");
    expect(stderr).toBe("");
    expect(sockactIn(folder, ["units", "--name", "other", "--systemd", "252"]).stdout).toMatch(
      /^# other\.socket\n[^]*ListenStream=3000\n(?![^]*Type=notify)/,
    );
  });

  it.each([
    ["--listen", "99999"],
    ["--name", "a/b"],
    ["--idle-timeout", "soon"],
  ])("names the option that is wrong: %s %s", (option, value) => {
    const { stderr, status } = sockactIn(app(), ["units", "server.js", option, value]);
    expect(stderr).toContain(`:\n  ${option}: `);
    expect(status).toBe(1);
  });

  it("prints reasons of each line, within 80 columns", () => {
    const { stdout } = sockactIn(shop(), ["units", "--explain"]);
    expect(stdout).toMatch(
      /^shop\.socket \[Unit\]\nDescription=shop socket\n {4}systemctl status and the journal/,
    );
    expect(stdout).toMatch(/\nshop\.service, not written\n[^]*\nMemoryDenyWriteExecute=\n {4}/);
    const reasons = stdout.split("\n").filter((line) => line.startsWith("    "));
    expect(reasons.length).toBeGreaterThan(40);
    expect(reasons.filter((line) => line.length > 80)).toEqual([]);
  });

  it("writes reasons as comments", () => {
    expect(sockactIn(shop(), ["units", "--comments"]).stdout).toContain(
      "# The socket starts at boot.\nWantedBy=sockets.target",
    );
  });

  it("prints JSON for programs", () => {
    const services = JSON.parse(sockactIn(shop(), ["units", "--json", "--explain"]).stdout) as {
      name: string;
      units: Record<string, string>;
      explanations: { directive: string }[];
    }[];
    expect(services.map(({ name, units }) => [name, Object.keys(units)])).toEqual([
      ["shop", ["shop.socket", "shop.service"]],
    ]);
    expect(services[0]!.explanations).toContainEqual(
      expect.objectContaining({ directive: "ListenStream", value: "80" }),
    );
    expect(lintUnits(services[0]!.units).filter(({ severity }) => severity !== "info")).toEqual([]);
  });

  it("writes them into a folder, and reports the changes", () => {
    const folder = shop();
    mkdirSync(join(folder, "out"));
    expect(sockactIn(folder, ["units", "--out", "out"]).stdout).toBe(
      `new      ${folder}/out/shop.socket\nnew      ${folder}/out/shop.service\n`,
    );
    expect(readFileSync(join(folder, "out/shop.socket"), "utf8")).toContain("ListenStream=80\n");
    expect(statSync(join(folder, "out/shop.socket")).mode & 0o777).toBe(0o644);
    writeFileSync(join(folder, "out/shop.socket"), "old");
    const again = sockactIn(folder, ["units", "--out", "out", "--json"]);
    expect(JSON.parse(again.stdout)).toEqual([
      { path: join(folder, "out/shop.socket"), state: "changed" },
      { path: join(folder, "out/shop.service"), state: "same" },
    ]);
    expect(readdirSync(join(folder, "out"))).toEqual(["shop.service", "shop.socket"]);
  });

  it.each<[what: string, database: string, where: string, message: string]>([
    ["an account", "passwd", "etc/systemd/system", "the user shop (1700) exists, and systemd would run"],
    ["a group", "group", "usr/lib/systemd/system", "the group shop (1700) exists, and systemd makes no"],
  ])("refuses the name of %s of the system that reads the folder", (_, database, where, message) => {
    const folder = folderWith({
      "sockact.config.json": config,
      [`image/etc/${database}`]: "shop:x:1700:1700::/:/bin/sh\n",
      [`image/${where}/other.service`]: "",
      "out/other.service": "",
    });
    const out = `image/${where}`;
    const { status, stderr, stdout } = sockactIn(folder, ["units", "--out", out]);
    expect(stderr).toContain(message);
    expect(stderr).toContain("(SOCKACT_ERR_INSTALL_FOREIGN)");
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(readdirSync(join(folder, out))).toEqual(["other.service"]);
    // No system reads this one.
    expect(sockactIn(folder, ["units", "--out", "out"]).status).toBe(0);
  });

  it("writes nothing through a symbolic link, and nothing at all then", () => {
    const folder = shop();
    mkdirSync(join(folder, "out"));
    writeFileSync(join(folder, "precious"), "mine");
    symlinkSync("../precious", join(folder, "out/shop.service"));
    const { status, stderr } = sockactIn(folder, ["units", "--out", "out"]);
    expect(stderr).toContain("shop.service is a symbolic link (SOCKACT_ERR_WRITE)");
    expect(status).toBe(1);
    expect(readFileSync(join(folder, "precious"), "utf8")).toBe("mine");
    expect(lstatSync(join(folder, "out/shop.service")).isSymbolicLink()).toBe(true);
    expect(readdirSync(join(folder, "out"))).toEqual(["shop.service"]);
    expect(sockactIn(folder, ["units", "--out", "nowhere"])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("mkdir -p") as string,
    });
  });

  it("shows how the installed units differ, and ends with 1 then", () => {
    const folder = folderWith({ "sockact.config.json": { ...config, manager: "user" } });
    const home = folderWith({});
    const env = { XDG_CONFIG_HOME: home };
    const missing = sockactIn(folder, ["units", "--diff"], env);
    expect(missing.status).toBe(1);
    expect(missing.stdout).toMatch(/^--- \/dev\/null\n\+\+\+ shop\.socket\n@@ [^]*\n\+ListenStream=80\n/);

    mkdirSync(join(home, "systemd/user"), { recursive: true });
    expect(sockactIn(folder, ["units", "--out", join(home, "systemd/user")]).status).toBe(0);
    expect(sockactIn(folder, ["units", "--diff"], env)).toMatchObject({ status: 0, stdout: "", stderr: "" });

    const file = join(home, "systemd/user/shop.socket");
    const header = `# Written by sockact install for shop. Your own settings: systemctl edit shop.socket\n# Content: sha256:${"a".repeat(64)}\n`;
    writeFileSync(file, header + readFileSync(file, "utf8").replace("=80", "=8080"));
    const { stdout, status } = sockactIn(folder, ["units", "--diff"], env);
    expect(stdout).toContain(`--- ${file}\n+++ shop.socket\n`);
    expect(stdout.split("\n").filter((line) => /^[-+][^-+]/.test(line))).toEqual([
      "-ListenStream=8080",
      "+ListenStream=80",
    ]);
    expect(status).toBe(1);
    expect(
      sockactIn(folder, ["units", "--diff"], { ...env, FORCE_COLOR: "1", NO_COLOR: "" }).stdout,
    ).toContain("\u001B[31m-ListenStream=8080\u001B[39m");
    expect(
      (JSON.parse(sockactIn(folder, ["units", "--diff", "--json"], env).stdout) as { state: string }[]).map(
        ({ state }) => state,
      ),
    ).toEqual(["differs", "same"]);
  });

  it.each<[string, string[], RegExp]>([
    [
      "options that a config would overrule",
      ["--listen", "80"],
      /--listen would be ignored: .*sockact\.config\.json describes the service/,
    ],
    ["a name that is neither a service nor a file", ["blog"], /blog/],
    ["two ways to print", ["--diff", "--explain"], /cannot be used with/],
    ["a version that is none", ["--systemd", "new"], /It must be a number such as 257/],
    ["a sandbox that is none", ["--hardening", "much"], /Allowed choices are outbound, inbound, none/],
  ])("refuses %s", (_, args, message) => {
    const { status, stderr, stdout } = sockactIn(shop(), ["units", ...args]);
    expect(stderr).toMatch(message);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  });

  it("has a hint for a folder without an app", () => {
    const { status, stderr } = sockactIn(folderWith({}), ["units"]);
    expect(stderr).toMatch(/found no file in .* that starts an app \(SOCKACT_ERR_APP_ENTRY\)\nName it/);
    expect(status).toBe(2);
    const named = sockactIn(folderWith({}), ["units", "server.js"]);
    expect(named.stderr).toMatch(/the file server\.js does not exist, and no config/);
    expect(named.status).toBe(2);
  });
});

describeWith({ root: true }, "sockact units --out under sudo", () => {
  it.each([
    ["of root", 0],
    ["of the user who has called sudo", 65_534],
  ])("writes units that belong to the owner of the folder: %s", (_, uid) => {
    const folder = shop();
    mkdirSync(join(folder, "out"));
    chownSync(join(folder, "out"), uid, uid);
    sockactIn(folder, ["units", "--out", "out"], { SUDO_UID: "65534" });
    expect(statSync(join(folder, "out/shop.service")).uid).toBe(uid);
  });
});

describeWith({ root: true }, "sockact units --out of root", () => {
  it.each([
    ["of another user", (folder: string) => chownSync(join(folder, "out"), 65_534, 0)],
    ["in the folder of another user", (folder: string) => chownSync(folder, 65_534, 0)],
    [
      "by a link of another user",
      (folder: string) => {
        renameSync(join(folder, "out"), join(folder, "real"));
        symlinkSync("real", join(folder, "out"));
        lchownSync(join(folder, "out"), 65_534, 0);
      },
    ],
  ])("does not write into a folder %s", (_, change) => {
    const folder = shop();
    mkdirSync(join(folder, "out"));
    change(folder);
    // The config is trusted: only the folder is not.
    const file = join(shop(), "sockact.config.json");
    const { status, stderr } = sockactIn(folder, ["units", "--config", file, "--out", "out"]);
    expect({ status, stderr }).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("(SOCKACT_ERR_WRITE)") as string,
    });
    expect(readdirSync(join(folder, "out"))).toEqual([]);
  });
});

describeWith({ privateSystemd: true }, "sockact units", () => {
  it("writes for the installed version of systemd, which runs the units", async () => {
    await using systemd = await bootPrivateSystemd();
    const folder = "/var/lib/apps/shop";
    await systemd.write(`${folder}/package.json`, `{ "name": "shop" }`);
    await systemd.write(
      `${folder}/server.js`,
      `require("node:http").createServer((_, response) => response.end("hi")).listen(3000);\n`,
    );
    const command = sockactInside(systemd);
    const env = { NO_COLOR: "1" };
    // The preload is one that the service can read without an installation.
    await systemd.mustRun([...command, "init", "--yes", "--listen", "80", "--node", systemd.node], {
      cwd: folder,
      env,
    });
    await systemd.mustRun(["mkdir", "-p", `${folder}/node_modules/@sockact`]);
    await systemd.mustRun([
      "ln",
      "-s",
      `${systemd.project}/packages/register`,
      `${folder}/node_modules/@sockact/register`,
    ]);
    await systemd.mustRun([...command, "units", "--out", "/run/systemd/system"], { cwd: folder, env });
    await systemd.systemctl("daemon-reload");
    await systemd.start("shop.socket");
    expect(await systemd.request("http://localhost/")).toMatchObject({ status: 200, body: "hi" });
    expect(await systemd.show("shop.service", "User")).not.toBe("root");
    expect(await systemd.run([...command, "units", "--diff"], { cwd: folder, env })).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("+++ shop.socket") as string,
      stderr: "",
    });
    await systemd.mustRun([...command, "units", "--out", "/etc/systemd/system"], { cwd: folder, env });
    expect(await systemd.run([...command, "units", "--diff", "shop"], { cwd: folder, env })).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
    });
  });
});
