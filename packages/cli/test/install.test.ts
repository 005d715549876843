import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import process from "node:process";
import {
  bootPrivateSystemd,
  type CommandOptions,
  type CommandResult,
  describeWith,
  type PrivateSystemd,
} from "@sockact/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { apps, writeApp } from "./install-apps.ts";
import { PackedPackages } from "./packed-packages.ts";
import { sockact } from "./run.ts";

const commands = execFileSync(process.execPath, [sockact, "--help"], { encoding: "utf8" });
const has = (command: string): boolean => new RegExp(`^  ${command}\\b`, "m").test(commands);

/** As npx has it: in a cache of root, which nobody else may read. */
const installed = "/root/.npm/_npx/1";
const cli = `${installed}/node_modules/sockact/bin/sockact.cjs`;
const isLong = Boolean(process.env["SOCKACT_LONG"]);

describeWith({ privateSystemd: true }, "sockact install", () => {
  let systemd: PrivateSystemd;
  let packed: PackedPackages;

  beforeAll(async () => {
    [systemd, packed] = await Promise.all([
      bootPrivateSystemd(),
      PackedPackages.pack([
        "sockact",
        ...["core", "express", "koa", "fastify"].map((name) => `@sockact/${name}`),
      ]),
    ]);
    const mounts = ["/srv", "/home", "/root"].map((path) => `mount -t tmpfs -o mode=755 tmpfs ${path}`);
    await systemd.mustRun(["sh", "-ec", [...mounts, "chmod 700 /root"].join("\n")]);
    mkdirSync(systemd.hostPath(installed), { recursive: true });
    packed.install(systemd.hostPath(installed), ["sockact"]);
  }, 60_000);
  afterAll(async () => {
    packed?.[Symbol.dispose]();
    await systemd?.close();
  });

  /** Calls sockact in a folder, as npx does. */
  async function call(cwd: string, args: string[], options: CommandOptions = {}): Promise<CommandResult> {
    return systemd.run([systemd.node, cli, ...args], {
      cwd,
      timeout: 60_000,
      ...options,
      env: { npm_command: "exec", ...options.env },
    });
  }

  /** What an installation may leave: all files of these folders, without systemd's own. */
  async function files(): Promise<string[]> {
    const found = await systemd.mustRun(["find", "/etc/systemd", "/var/lib", "/usr/local", "/var/cache"]);
    return found
      .trim()
      .split("\n")
      .filter((path) => !/^\/var\/(?:lib|cache)\/(?:systemd|private)(?:\/|$)/.test(path))
      .toSorted();
  }

  async function uninstall(name: string): Promise<void> {
    if (has("uninstall")) {
      await systemd.mustRun([systemd.node, cli, "uninstall", name, "--yes", "--purge"]);
      return;
    }
    await systemd.systemctl("disable", "--now", `${name}.socket`);
    await systemd.systemctl("stop", `${name}.service`);
    await systemd.systemctl("clean", "--what=all", `${name}.service`);
    await systemd.mustRun(["sh", "-c", `rm -rf /etc/systemd/system/${name}.* /var/lib/sockact/${name}`]);
    await systemd.systemctl("daemon-reload");
  }

  describe.each(isLong ? apps : apps.slice(0, 2))("of the app $name", (app) => {
    const folder = `/srv/${app.name}`;
    let before: string[];
    let result: CommandResult;
    let name: string;

    beforeAll(async () => {
      await writeApp(app, systemd.hostPath(folder), packed);
      before = await files();
      result = await call(folder, ["install", ...app.args, "--yes"]);
      name = /✓ (\S+) is installed/.exec(result.stdout)?.[1] ?? "";
    }, 90_000);

    test("goes from its folder to an answer on port 80 with one command", async () => {
      expect(result).toMatchObject({ code: 0 });
      expect(result.stdout).toMatch(/http:\/\/localhost\/ answers 200 OK after \d/);
      const { status, body } = await systemd.request("http://localhost/");
      expect({ status, body }).toEqual({ status: 200, body: expect.stringMatching(app.answer) });
      expect(await systemd.show(`${name}.service`, "NRestarts")).toBe("0");
    });

    test("runs it in the sandbox, as a user without privileges", async () => {
      const pid = await systemd.show(`${name}.service`, "MainPID");
      const status = await systemd.mustRun(["cat", `/proc/${pid}/status`]);
      expect(status).toMatch(/^CapPrm:\s0+\nCapEff:\s0+\nCapBnd:\s0+$/m);
      const uid = Number(/^Uid:\s(\d+)/m.exec(status)?.[1]);
      expect(uid, "a dynamic user").toBeGreaterThanOrEqual(61_184);
      expect(await systemd.show(`${name}.service`, "ProtectSystem")).toBe("strict");
    });

    test("changes nothing when it is called again", async () => {
      const pid = await systemd.show(`${name}.service`, "MainPID");
      const again = await call(folder, ["install", ...app.args, "--yes"]);
      expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing has changed") });
      expect(await systemd.show(`${name}.service`, "MainPID")).toBe(pid);
    });

    test.runIf(has("status"))("status shows it", async () => {
      const { stdout, code } = await call("/", ["status", name]);
      expect({ stdout, code }).toEqual({ stdout: expect.stringContaining(name), code: 0 });
    });

    test.runIf(has("doctor"))("doctor finds nothing", async () => {
      expect(await call("/", ["doctor", name])).toMatchObject({ code: 0 });
    });

    test.runIf(has("reload"))("reload reloads it", async () => {
      expect(await call("/", ["reload", name])).toMatchObject({ code: 0 });
      expect(await systemd.request("http://localhost/")).toMatchObject({ status: 200 });
    });

    test("uninstall leaves nothing", async () => {
      await uninstall(name);
      const left = (await files()).filter((path) => path !== "/var/lib/sockact");
      expect(left).toEqual(before.filter((path) => path !== "/var/lib/sockact"));
      await expect(systemd.request("http://localhost/")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    });
  });
});
