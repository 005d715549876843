import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { crc32 } from "node:zlib";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { emitUnits, lintUnits, type AppDescription } from "../src/index.ts";

type Case = [name: string, port: number, more: Partial<AppDescription>, folder: string];

describeWith({ node: 22 }, "compileCache", () => {
  // This is why it is off by default. If it fails, Node has found a way to trust a cache: see decision 035.
  it("lets whoever writes to the folder decide what Node runs, whatever the source says", () => {
    const folder = mkdtempSync(join(tmpdir(), "sockact-cache-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const [app, cache] = [join(folder, "app.cjs"), join(folder, "cache")];
    const run = (source: string): string => {
      writeFileSync(app, source);
      const env = { NODE_COMPILE_CACHE: cache };
      return execFileSync(process.execPath, [app], { env, encoding: "utf8" });
    };
    // V8 compares the lengths of the sources, and Node their checksums.
    const [other, own] = ["console.log('of the attacker')", "console.log('of the real app')"] as const;
    expect(run(other)).toBe("of the attacker\n");
    const [file] = readdirSync(cache, { recursive: true, withFileTypes: true }).filter((each) =>
      each.isFile(),
    );
    const path = join(file!.parentPath, file!.name);
    const written = readFileSync(path);
    const checksum = (source: string): Buffer => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(crc32(source));
      return bytes;
    };
    checksum(own).copy(written, written.indexOf(checksum(other)));
    writeFileSync(path, written);
    expect(run(own)).toBe("of the attacker\n");
  });

  describeWith({ privateSystemd: true }, "under systemd", () => {
    let systemd: PrivateSystemd;

    beforeAll(async () => {
      systemd = await bootPrivateSystemd();
    });
    afterAll(() => systemd?.close());

    /** Installs the Express example, which says in the journal which compiled code it finds. */
    async function install(name: string, port: number, more: Partial<AppDescription>): Promise<void> {
      const description: AppDescription = {
        name,
        exec: [systemd.node, `${systemd.project}/examples/express/server.js`],
        environment: { NODE_DEBUG_NATIVE: "COMPILE_CACHE" },
        compileCache: true,
        sockets: [{ listen: port }],
        ...more,
      };
      await systemd.installUnits(emitUnits(description));
      await systemd.start(`${name}.socket`);
    }

    /** The files of the cache, each with when it was written. */
    async function files(folder: string): Promise<string[]> {
      const listed = await systemd.run(["find", "-L", folder, "-type", "f", "-printf", "%p %T@ %s\n"]);
      return listed.stdout.trimEnd().split("\n").toSorted();
    }

    /** Whether the code of Express was in the cache, at each start so far. */
    async function hits(service: string): Promise<boolean[]> {
      const journal = await systemd.journal(service, "service");
      return journal
        .filter((line) => /^\[compile cache\] reading cache .*\/express\/index\.js\.\.\./.test(line))
        .map((line) => line.includes(" success, size="));
    }

    it.each<Case>([
      ["outbound", 80, {}, "/var/cache/outbound"],
      ["inbound", 81, { hardening: "inbound", cacheDirectory: "of/its own" }, "/var/cache/of/its own"],
      ["jitless", 82, { jitless: true }, "/var/cache/jitless"],
      ["an-account", 83, { user: "daemon", hardening: "none" }, "/var/cache/an-account"],
    ])(
      "is written when the service stops, and read at the next start: %s",
      async (name, port, more, folder) => {
        await install(name, port, more);
        const url = `http://127.0.0.1:${port}/`;
        expect(await systemd.request(url)).toMatchObject({ status: 200 });
        await systemd.stop(`${name}.service`);
        const written = await files(`${folder}/node-compile-cache`);
        expect(written.length).toBeGreaterThan(50);

        expect(await systemd.request(url)).toMatchObject({ status: 200 });
        await systemd.stop(`${name}.service`);
        expect(await hits(`${name}.service`)).toEqual([false, true]);
        expect(await files(`${folder}/node-compile-cache`)).toEqual(written);
      },
    );

    it("is written when the app falls asleep, and emptied by systemctl clean", async () => {
      await install("sleeper", 84, { idleTimeout: "100ms" });
      for (const expected of [[false], [false, true]]) {
        expect(await systemd.request("http://127.0.0.1:84/")).toMatchObject({ status: 200 });
        await systemd.waitForUnit("sleeper.service", "ActiveState", "inactive");
        expect(await hits("sleeper.service")).toEqual(expected);
      }
      await systemd.systemctl("clean", "--what=cache", "sleeper.service");
      expect(await systemd.request("http://127.0.0.1:84/")).toMatchObject({ status: 200 });
      await systemd.waitForUnit("sleeper.service", "ActiveState", "inactive");
      expect(await hits("sleeper.service")).toEqual([false, true, false]);
    });

    it.each<[string, boolean]>([
      ["DynamicUser=yes\nEnvironment=NODE_COMPILE_CACHE=/var/lib/else/cache", true],
      ["ProtectSystem=strict\nEnvironment=NODE_COMPILE_CACHE=/tmp/cache", true],
      ["ProtectSystem=strict\nPrivateTmp=yes\nEnvironment=NODE_COMPILE_CACHE=/tmp/cache", false],
      ["ProtectSystem=strict\nCacheDirectory=a b\nEnvironment=NODE_COMPILE_CACHE=%C/b/node", false],
      [
        "ProtectSystem=strict\nReadWritePaths=-/var/lib/else\nEnvironment=NODE_COMPILE_CACHE=/var/lib/else/cache",
        false,
      ],
      ["ProtectSystem=full\nEnvironment=NODE_COMPILE_CACHE=/var/lib/else/cache", false],
    ])("is not written where the linter says that the folder is read-only: %s", async (lines, isReadOnly) => {
      await systemd.run(["mkdir", "-p", "/var/lib/else"]);
      const unit = `[Service]\nType=oneshot\nExecStart=${systemd.node} -e 0\n${lines}\n`;
      const findings = lintUnits({ "cache.service": unit.replace(systemd.node, "/usr/bin/node") });
      expect(findings.some(({ code }) => code === "compile-cache-read-only")).toBe(isReadOnly);
      const say = "console.log(require('node:module').getCompileCacheDir() !== undefined)";
      await systemd.installUnits({ "cache.service": unit.replace("-e 0", `-e "${say}"`) });
      await systemd.start("cache.service");
      expect((await systemd.journal("cache.service", "service")).at(-1)).toBe(String(!isReadOnly));
    });

    it("is in the user's own cache folder under a user's service manager", async () => {
      const env = { XDG_RUNTIME_DIR: "/run/user/0" };
      const asUser = (...args: string[]) => systemd.mustRun(["systemctl", "--user", ...args], { env });
      await systemd.mustRun(["sh", "-c", "mkdir -p /run/user && mkdir -m 700 /run/user/0"]);
      // Not the home of root, so that the test sees which folder it is.
      const home = "[Service]\nEnvironment=XDG_CACHE_HOME=/var/lib/cache-of-user\n";
      await systemd.write("/run/systemd/system/user@0.service.d/cache.conf", home);
      await systemd.systemctl("daemon-reload");
      await systemd.start("user@0.service");
      const units = emitUnits({
        name: "mine",
        manager: "user",
        exec: [systemd.node, `${systemd.project}/examples/express/server.js`],
        hardening: "none",
        compileCache: true,
        sockets: [{ listen: 8080 }],
      });
      for (const [unit, text] of Object.entries(units))
        await systemd.write(`/run/user/0/systemd/user/${unit}`, text);
      await asUser("daemon-reload");
      await asUser("start", "mine.socket");
      expect(await systemd.request("http://127.0.0.1:8080/")).toMatchObject({ status: 200 });
      await asUser("stop", "mine.socket", "mine.service");
      expect((await files("/var/lib/cache-of-user/mine/node-compile-cache")).length).toBeGreaterThan(50);
      await systemd.stop("user@0.service");
    });

    it("is shared by the instances of a rolling restart", async () => {
      await install("turns", 85, { rolling: true });
      for (const instance of ["turns@green.service", "turns@blue.service"]) {
        await systemd.start(instance);
        await systemd.stop(instance);
      }
      expect(await hits("turns@green.service")).toEqual([false]);
      expect(await hits("turns@blue.service")).toEqual([true]);
    });
  });
});
