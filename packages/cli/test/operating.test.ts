// The commands of the pages for operators, in their order, and what they print: docs/outputs has it, and the
// pages show it.
import { mkdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  bootPrivateSystemd,
  type CommandOptions,
  type CommandResult,
  describeWith,
  type PrivateSystemd,
  PackedPackages,
} from "@sockact/testkit";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

// Each test is a few commands, which take seconds on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const installed = "/root/.npm/_npx/1";
const cli = `${installed}/node_modules/sockact/bin/sockact.cjs`;

/** A file of docs, which a page shows. */
const output = (file: string): string => fileURLToPath(new URL(`../../../docs/${file}`, import.meta.url));

/** A config that a page shows. */
const config = (name: string): string =>
  readFileSync(new URL(`configs/${name}.json`, import.meta.url), "utf8");

/** Replaces what differs from run to run. */
function masked(text: string): string {
  return (
    text
      .replaceAll(/\d\d:\d\d:\d\d/g, "12:00:01")
      .replaceAll("/run/sockact/node", "/usr/bin/node")
      .replaceAll(/(?<=\w\[)\d+(?=\]: )|(?<= pid )\d+/g, "1387")
      .replaceAll(/\d+ MB/g, "48 MB")
      .replaceAll(/(?<=Last start )[^,]+/g, "2 min ago")
      .replaceAll(/[\d.]+ m?s\b(?! ago)/g, "431 ms")
      .replaceAll(/\d+(?= services of the system)/g, "12")
      // systemd 262 says this where it has no such controller, as in a private systemd.
      .replaceAll(/^.*Failed to read pids\.max .*\n/gm, "")
      // The app and systemd write these at the same time.
      .replaceAll(/^(.* Started .*\n)(.* ready, and .*\n)/gm, "$2$1")
      // What follows the message of an error differs from one Node to the next.
      .replaceAll(/^(?:.*: )?(?: {4}at .*|Node\.js v.*)\n/gm, "")
      // This Node is not on the path of sudo, as one of nvm is not.
      .replaceAll('sudo env "PATH=$PATH" npx', "sudo npx")
      .replaceAll(/^ {2}((?:sudo )?npx .*?) {2,}(?=\S)/gm, (_, command: string) => `  ${command.padEnd(33)}`)
  );
}

/**
 * The table of `sockact status` with the values of this run replaced, and its columns as wide as they then
 * need to be.
 */
function maskedTable(text: string): string {
  const [table = "", ...rest] = text.split(/\n(?=\n)/);
  const rows = table.split("\n").map((line) => line.trim().split(/ {2,}/));
  const [titles = []] = rows;
  const values: Record<string, string> = { PID: "1387", MEMORY: "48 MB" };
  const shown = rows.map((row, index) =>
    row.map((cell, column) =>
      index === 0 || cell === "–"
        ? cell
        : (values[titles[column]!] ?? masked(cell.replace(/^[^,]* ago/, "2 min ago"))),
    ),
  );
  const isRight = new Set(["PID", "MEMORY", "CONN", "RISK"]);
  const widths = titles.map((_, column) => Math.max(...shown.map((row) => row[column]!.length)));
  const lines = shown.map((row) =>
    row
      .map((cell, column) =>
        isRight.has(titles[column]!) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join("  ")
      .trimEnd(),
  );
  return masked([lines.join("\n"), ...rest].join("\n"));
}

const app = (version: number): string => `const express = require("express");
const { systemdListen } = require("@sockact/express");

const app = express();
app.use(systemdListen({ onReload: () => console.log("has read its settings") }));
app.get("/", (req, res) => res.send("version ${version}"));
app.listen(3000);
`;

describeWith({ privateSystemd: true, systemd: 253 }, "an operator", () => {
  let systemd: PrivateSystemd;
  let packed: PackedPackages;

  beforeAll(async () => {
    [systemd, packed] = await Promise.all([bootPrivateSystemd(), PackedPackages.packForRun()]);
    const mounts = ["/srv", "/home", "/root"].map((path) => `mount -t tmpfs -o mode=755 tmpfs ${path}`);
    await systemd.mustRun(["sh", "-ec", [...mounts, "chmod 700 /root"].join("\n")]);
    mkdirSync(systemd.hostPath(installed), { recursive: true });
    packed.install(systemd.hostPath(installed), ["sockact"]);
  });
  afterAll(() => systemd?.close());

  /** Calls sockact in a folder, as npx does. */
  const sockact = (cwd: string, args: string[], options: CommandOptions = {}): Promise<CommandResult> =>
    systemd.run([systemd.node, cli, ...args], {
      cwd,
      timeout: 60_000,
      ...options,
      env: { npm_command: "exec", SUDO_UID: "0", ...options.env },
    });
  /** Installs the app of a config. */
  const install = (folder: string): Promise<string> =>
    systemd.mustRun([systemd.node, cli, "install", "--yes"], { cwd: folder, timeout: 60_000 });
  const ask = async (port = 80): Promise<string> => (await systemd.request(`http://localhost:${port}/`)).body;
  const write = async (folder: string, version: number): Promise<void> => {
    await systemd.write(`${folder}/server.js`, app(version));
    await systemd.write(`${folder}/package.json`, `{ "name": "shop" }`);
    packed.install(systemd.hostPath(folder), ["express", "@sockact/express"]);
  };

  describe("of an app in /srv/shop", () => {
    beforeAll(() => write("/srv/shop", 1));

    test("installs it", async () => {
      const { code, stdout } = await sockact("/srv/shop", [
        "install",
        "server.js",
        "--name",
        "shop",
        "--listen",
        "80",
        "--yes",
      ]);
      expect(code).toBe(0);
      await expect(masked(stdout)).toMatchFileSnapshot(output("outputs/install.txt"));
    });

    test("sees whether it runs, and what it has written", async () => {
      const table = await sockact("/", ["status"]);
      expect(maskedTable(table.stdout)).toMatch(/^shop\b/m);
      const json = await sockact("/", ["status", "shop", "--json"]);
      const values: Record<string, unknown> = {
        pid: 1387,
        pids: [1387],
        memory: 50_331_648,
        at: "2026-01-31T12:00:00.000Z",
        took: 431,
      };
      const parsed: unknown = JSON.parse(json.stdout, (key, value: unknown) => values[key] ?? value);
      await expect(masked(`${JSON.stringify(parsed, undefined, 2)}\n`)).toMatchFileSnapshot(
        output("outputs/status-json.txt"),
      );
      const one = await sockact("/", ["status", "shop"]);
      await expect(masked(one.stdout)).toMatchFileSnapshot(output("outputs/status-shop.txt"));
      const logs = await sockact("/", ["logs", "shop"]);
      await expect(masked(logs.stdout)).toMatchFileSnapshot(output("outputs/logs.txt"));
    });

    test("lets it read its settings again", async () => {
      const { stdout, stderr } = await sockact("/", ["reload", "shop"]);
      await expect(masked(stderr + stdout)).toMatchFileSnapshot(output("outputs/reload.txt"));
    });

    test("stops it and starts it again, as the page says", async () => {
      await systemd.systemctl("disable", "--now", "shop.socket");
      await systemd.stop("shop.service");
      await expect(ask()).rejects.toMatchObject({ code: "ECONNREFUSED" });
      await systemd.systemctl("enable", "--now", "shop.socket");
      expect(await ask()).toBe("version 1");
    });

    test("finds the lines of one level", async () => {
      await systemd.write(
        "/srv/shop/server.js",
        app(1).replace("app.listen", `console.log("<4>the cache is full");\napp.listen`),
      );
      await sockact("/", ["restart", "shop"]);
      await systemd.waitForJournal("shop.service", /the cache is full/);
      const args = ["--unit", "shop.service", "--boot", "--priority", "warning", "--output", "cat"];
      const lines = await systemd.mustRun(["journalctl", ...args]);
      expect(lines).toMatch(/^the cache is full$/m);
      expect(lines).not.toContain("sockact: listening");
    });

    test("deploys version 2 in place", async () => {
      await write("/srv/shop", 2);
      const { stdout } = await sockact("/", ["restart", "shop"]);
      await expect(masked(stdout)).toMatchFileSnapshot(output("outputs/restart.txt"));
      expect(await ask()).toBe("version 2");
    });

    test("deploys a broken version: clients wait until the earlier one is back", async () => {
      await systemd.write("/srv/shop/server.js", `throw new Error("no database");\n`);
      const broken = await sockact("/", ["restart", "shop"]);
      expect(broken.code).toBe(1);
      const fromStart = broken.stderr.slice(broken.stderr.search(/^.* Starting /m));
      await expect(masked(fromStart)).toMatchFileSnapshot(output("outputs/restart-broken.txt"));
      const waiting = ask();
      await write("/srv/shop", 1);
      expect(await sockact("/", ["restart", "shop"])).toMatchObject({ code: 0 });
      expect(await waiting).toBe("version 1");
    });

    test("replaces node_modules in place: what runs can't load more modules, and what starts waits for them", async () => {
      const lazy = app(3).replace("res.send(", `res.send(require("content-type").parse("text/a").type + " `);
      await systemd.write("/srv/shop/server.js", lazy.replace(`"version`, "version"));
      await sockact("/", ["restart", "shop"]);
      await systemd.mustRun(["mv", "/srv/shop/node_modules", "/srv/shop/gone"]);
      expect((await systemd.request("http://localhost/")).status).toBe(500);
      await systemd.stop("shop.service");
      const waiting = ask();
      await systemd.waitForJournal("shop.service", /Cannot find module 'express'/);
      await systemd.mustRun(["mv", "/srv/shop/gone", "/srv/shop/node_modules"]);
      expect(await waiting).toBe("text/a version 3");
    });

    test("installs it again with another port, and sees what changes", async () => {
      await write("/srv/shop", 2);
      const args = ["install", "server.js", "--name", "shop", "--listen", "8080", "--yes"];
      const { stdout, stderr } = await sockact("/srv/shop", args);
      await expect(masked(stderr + stdout)).toMatchFileSnapshot(output("outputs/install-again.txt"));
      expect(await ask(8080)).toBe("version 2");
    });

    test("removes it", async () => {
      const shown = await sockact("/", ["uninstall", "shop", "--dry-run"]);
      await expect(masked(shown.stdout)).toMatchFileSnapshot(output("outputs/uninstall-dry-run.txt"));
      const { code } = await sockact("/", ["uninstall", "shop", "--yes", "--purge"]);
      expect(code).toBe(0);
      expect((await systemd.run(["ls", "/etc/systemd/system/shop.service", "/var/lib/shop"])).stdout).toBe(
        "",
      );
    });
  });

  describe("of an app with handover", { tags: "campaign" }, () => {
    beforeAll(async () => {
      await write("/srv/shop", 1);
      await systemd.write("/srv/shop/sockact.config.json", config("handover"));
      await install("/srv/shop");
      await ask();
    });
    afterAll(() => sockact("/", ["uninstall", "shop", "--yes", "--purge"]));

    /**
     * What `sockact reload` has printed. Both processes log the handover at the same time, and how soon the
     * old one has ended differs.
     */
    const maskedReload = (text: string, [old = "", next = ""]: string[]): string =>
      masked(text.replaceAll(old, "OLD").replaceAll(next, "NEW"))
        .replaceAll("OLD", "1387")
        .replaceAll("NEW", "1402")
        .replace(/^Process .* drains: .*\n/m, "")
        .replace(/((?:.* (?:handover: draining|drained).*\n)+)(.* took over from .*\n)/, "$2$1");

    test("deploys version 2, and the old process hands over to it", async () => {
      await write("/srv/shop", 2);
      const { stdout, stderr } = await sockact("/", ["reload", "shop"]);
      const [, ...pids] = /from process (\d+) to (\d+) in/.exec(stdout) ?? [];
      await expect(maskedReload(stderr + stdout, pids)).toMatchFileSnapshot(
        output("outputs/reload-handover.txt"),
      );
      expect(await ask()).toBe("version 2");
    });

    test("deploys a broken version, and the old one keeps serving", async () => {
      await systemd.write("/srv/shop/server.js", `throw new Error("no database");\n`);
      const { code, stderr } = await sockact("/", ["reload", "shop"]);
      expect(code).toBe(1);
      const [, next = ""] = /\[(\d+)\]: Error: no database/.exec(stderr) ?? [];
      const old = await systemd.show("shop.service", "MainPID");
      await expect(maskedReload(stderr, [old, next])).toMatchFileSnapshot(
        output("outputs/reload-broken.txt"),
      );
      expect(await ask()).toBe("version 2");
    });
  });

  describe("of an app with a folder for each version", { tags: "campaign" }, () => {
    const release = async (version: number): Promise<void> => {
      await systemd.mustRun(["ln", "-sfn", `releases/${version}`, "/srv/shop/current"]);
    };

    /** The answer of the app without a config. */
    let before: string;

    beforeAll(async () => {
      await systemd.mustRun(["sh", "-c", "rm -rf /srv/shop"]);
      // As docs/start.md leaves it. The config then moves the service to the folder of version 1.
      await write("/srv/shop", 0);
      const named = ["install", "server.js", "--name", "shop", "--listen", "80", "--yes"];
      await systemd.mustRun([systemd.node, cli, ...named], { cwd: "/srv/shop", timeout: 60_000 });
      before = await ask();
      await write("/srv/shop/releases/1", 1);
      await write("/srv/shop/releases/2", 2);
      await systemd.write("/srv/shop/releases/3/server.js", `throw new Error("no database");\n`);
      await release(1);
      await systemd.write("/srv/shop/sockact.config.json", config("releases"));
      await install("/srv/shop");
      await systemd.mustRun(["sh", "-ec", "cd /srv/shop; rm -r server.js package.json node_modules"]);
    });
    afterAll(() => sockact("/", ["uninstall", "shop", "--yes", "--purge"]));

    test("the config moves the app out of /srv/shop itself", async () => {
      expect(before).toBe("version 0");
      expect(await ask()).toBe("version 1");
    });

    test("the unit names the link, and a restart follows it, forwards and back", async () => {
      expect(await systemd.show("shop.service", "WorkingDirectory")).toBe("/srv/shop/current");
      expect(await ask()).toBe("version 1");
      await release(2);
      expect(await ask()).toBe("version 1");
      await sockact("/", ["restart", "shop"]);
      expect(await ask()).toBe("version 2");
      await release(1);
      await sockact("/", ["restart", "shop"]);
      expect(await ask()).toBe("version 1");
    });

    test("a named file is installed where it really is, so its unit does not follow the link", async () => {
      const args = [
        "install",
        "/srv/shop/current/server.js",
        "--name",
        "other",
        "--listen",
        "81",
        "--dry-run",
      ];
      const { stdout } = await sockact("/", args);
      expect(stdout).toMatch(/^ExecStart=\S+ \/srv\/shop\/releases\/1\/server\.js$/m);
    });

    test("with rolling, a broken version never serves", async () => {
      await systemd.write("/srv/shop/sockact.config.json", config("rolling"));
      expect(await sockact("/srv/shop", ["install", "--yes"])).toMatchObject({ code: 0 });
      expect(await systemd.show("shop.service", "LoadState")).toBe("not-found");
      expect(await ask()).toBe("version 1");
      await release(2);
      const turned = await sockact("/", ["restart", "shop"]);
      await expect(masked(turned.stderr + turned.stdout)).toMatchFileSnapshot(
        output("outputs/rolling-restart.txt"),
      );
      expect(await ask()).toBe("version 2");
      await release(3);
      const broken = await sockact("/", ["restart", "shop"]);
      await expect(masked(broken.stderr + broken.stdout)).toMatchFileSnapshot(
        output("outputs/rolling-restart-broken.txt"),
      );
      expect(await ask()).toBe("version 2");
    });
  });

  describe("of an app with secrets", () => {
    const asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

    beforeAll(async () => {
      await systemd.mustRun(["rm", "-rf", "/srv/shop"]);
      await write("/srv/shop", 1);
      await systemd.write(
        "/srv/shop/server.js",
        `const { readFileSync } = require("node:fs");
        const { join } = require("node:path");
        const express = require("express");
        const { systemdListen } = require("@sockact/express");
        const app = express();
        app.use(systemdListen());
        const password = readFileSync(join(process.env.CREDENTIALS_DIRECTORY, "db.password"), "utf8");
        app.get("/", (req, res) => res.json([password, process.env.API_KEY, process.env.API_URL]));
        app.listen(3000);\n`,
      );
      await systemd.mustRun(["mkdir", "-m", "755", "/etc/shop"]);
      await systemd.write("/etc/shop/env", "API_KEY=from-the-file\n", 0o600);
      await systemd.write("/etc/shop/db.password", "from-the-credential", 0o600);
      await systemd.write("/srv/shop/sockact.config.json", config("secrets"));
      await install("/srv/shop");
    });
    afterAll(() => sockact("/", ["uninstall", "shop", "--yes", "--purge"]));

    test("the app has them all", async () => {
      expect(JSON.parse(await ask())).toEqual([
        "from-the-credential",
        "from-the-file",
        "https://api.example.org",
      ]);
    });

    test("another user reads what is in the unit, and nothing else", async () => {
      const pid = await systemd.show("shop.service", "MainPID");
      const seen = async (...command: string[]) => {
        const { stdout, stderr } = await systemd.run([...asNobody, ...command]);
        return stdout + stderr;
      };
      const unit = await seen("cat", "/etc/systemd/system/shop.service");
      expect(unit).toContain("API_URL=https://api.example.org");
      expect(unit).toContain("EnvironmentFile=/etc/shop/env");
      expect(await seen("cat", "/etc/shop/env")).toContain("Permission denied");
      expect(await seen("cat", "/etc/shop/db.password")).toContain("Permission denied");
      expect(await seen("cat", `/proc/${pid}/environ`)).toContain("Permission denied");
      expect(await seen("ls", "/run/credentials/shop.service")).toContain("Permission denied");
    });

    test("systemctl show has the variables of the unit, and of a file the path alone", async () => {
      expect(await systemd.show("shop.service", "Environment")).toContain("API_URL=https://api.example.org");
      const all = await systemd.systemctl("show", "shop.service");
      expect(all).toContain("EnvironmentFiles=/etc/shop/env");
      expect(all).not.toContain("from-the");
      // Root reads the variables of any process, and so does the app's own user.
      const pid = await systemd.show("shop.service", "MainPID");
      expect(await systemd.mustRun(["cat", `/proc/${pid}/environ`])).toContain("from-the-file");
    });

    test("a changed secret is used after a restart", async () => {
      await systemd.write("/etc/shop/env", "API_KEY=new\n", 0o600);
      await systemd.write("/etc/shop/db.password", "new", 0o600);
      await sockact("/", ["reload", "shop"]);
      expect(JSON.parse(await ask())[1]).toBe("from-the-file");
      await sockact("/", ["restart", "shop"]);
      expect(JSON.parse(await ask())).toEqual(["new", "new", "https://api.example.org"]);
    });
  });

  describe("of several apps", { tags: "campaign" }, () => {
    const names = ["blog", "shop", "wiki"];
    afterAll(async () => {
      for (const name of names) await sockact("/", ["uninstall", name, "--yes", "--purge"]);
    });

    test("sees which are asleep", async () => {
      for (const [index, name] of names.entries()) {
        await write(`/srv/apps/${name}`, 1);
        const port = index === 1 ? "80" : `127.0.0.1:${8080 + index}`;
        const idle = index === 1 ? [] : ["--idle-timeout", "500ms"];
        const args = ["install", "server.js", "--name", name, "--listen", port, ...idle, "--yes"];
        expect(await sockact(`/srv/apps/${name}`, args)).toMatchObject({ code: 0 });
      }
      for (const name of ["blog", "wiki"])
        await systemd.waitForUnit(`${name}.service`, "ActiveState", "inactive");
      const { stdout } = await sockact("/", ["status"]);
      await expect(maskedTable(stdout)).toMatchFileSnapshot(output("outputs/status-several.txt"));
      expect(await ask(8080)).toBe("version 1");
    });

    test("sees which one has trouble", async () => {
      await systemd.write("/srv/apps/wiki/server.js", `throw new Error("no database");\n`);
      // systemd would lower the first one to the second.
      const slow = "[Service]\nRestartSec=1h\nRestartMaxDelaySec=1h\n";
      await systemd.write("/etc/systemd/system/wiki.service.d/slow.conf", slow);
      await systemd.systemctl("daemon-reload");
      await systemd.mustRun(["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8082"]);
      await systemd.waitForUnit("wiki.service", "SubState", "auto-restart");
      await systemd.waitForUnit("blog.service", "ActiveState", "inactive");
      const { stdout } = await sockact("/", ["status"]);
      await expect(maskedTable(stdout)).toMatchFileSnapshot(output("outputs/status-trouble.txt"));
    });

    test("limits what one of them can take", async () => {
      await systemd.write("/srv/apps/blog/sockact.config.json", config("limits"));
      expect(await sockact("/srv/apps/blog", ["install", "--yes"])).toMatchObject({ code: 0 });
      expect(await systemd.show("blog.service", "MemoryMax")).toBe(String(300 * 1024 * 1024));
      expect(await systemd.show("blog.service", "CPUQuotaPerSecUSec")).toBe("500ms");
      expect(await systemd.show("blog.service", "TasksMax")).toBe("64");
      await systemd.stop("blog.service");
    });
  });
});
