import { once } from "node:events";
import { existsSync } from "node:fs";
import { type CommandResult, describeWith, type PackedPackages, type PrivateSystemd } from "@sockact/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { server, useMachine } from "./machine.ts";
import { openClient } from "./services.ts";

describeWith({ privateSystemd: true }, "sockact install", () => {
  const machine = useMachine();
  const { call, uninstall } = machine;
  let systemd: PrivateSystemd;
  let packed: PackedPackages;
  beforeAll(() => {
    ({ systemd, packed } = machine);
  });

  describe("of a config", () => {
    const config = (fields: object) =>
      systemd.write(
        "/srv/described/sockact.config.json",
        JSON.stringify({
          name: "described",
          exec: ["node", "./server.js"],
          sockets: [{ listen: 80 }],
          preload: true,
          ...fields,
        }),
      );

    beforeAll(async () => systemd.write("/srv/described/server.js", server(`"hi"`)));

    test("gives the service a copy of the preload that the app does not have", async () => {
      await config({});
      const result = await call("/srv/described", ["install", "--yes"]);
      expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining("answers 200 OK") });
      expect(await systemd.mustRun(["cat", "/etc/systemd/system/described.service"])).toContain(
        "/var/lib/sockact/described/files/register.cjs",
      );
      expect(await call("/srv/described", ["units", "--diff"])).toMatchObject({ code: 0, stdout: "" });
      expect((await call("/srv/described", ["doctor", "described"])).stdout).not.toContain("config-differs");
    });

    test("shows what changes in a unit", async () => {
      await config({ sockets: [{ listen: 81 }], memoryMax: "200M" });
      const { stderr } = await call("/srv/described", ["install", "--dry-run"]);
      expect(stderr).toMatch(/described\.socket\n +ListenStream=80 → 81\n/);
      expect(stderr).toMatch(/described\.service\n(?: .*\n)* +MemoryMax=\(nothing\) → 200M\n/);
    });

    test("is not used if an entry is named, and this is reported", async () => {
      const { stderr } = await call("/srv/described", ["install", "server.js", "--dry-run"]);
      expect(stderr).toContain("sockact.config.json is not used, because you named server.js.");
    });

    test("is proposed by init with the port that is installed", async () => {
      await systemd.mustRun(["rm", "/srv/described/sockact.config.json"]);
      const { stdout } = await call("/srv/described", ["init", "--name", "described", "--json"]);
      expect(JSON.parse(stdout)).toMatchObject({ description: { sockets: [{ listen: 80 }] } });
      await uninstall("described");
    });
  });

  describeWith({ systemd: 253 }, "of a service with healthSocket", () => {
    const isDrained = (name: string): boolean =>
      existsSync(systemd.hostPath(`/var/lib/sockact/drained/${name}`));

    const folder = "/srv/web";
    const inFolder = (...args: string[]): Promise<CommandResult> => call(folder, args);
    const configure = (more: object): Promise<void> =>
      systemd.write(
        `${folder}/sockact.config.json`,
        JSON.stringify({
          name: "web",
          exec: [systemd.node, `${systemd.project}/packages/cli/test/programs/service.mjs`, "web"],
          sockets: [{ listen: 90 }],
          ...more,
        }),
      );

    test("adds the health socket, enables only the app's socket, and uninstall removes all", async () => {
      await systemd.write("/etc/web.json", `{ "version": 1 }`);
      await configure({});
      expect(await inFolder("install", "--yes")).toMatchObject({ code: 0 });
      const pid = await systemd.show("web.service", "MainPID");
      await configure({ healthSocket: 8091 });
      const installed = await inFolder("install", "--yes");
      expect(installed).toMatchObject({
        code: 0,
        stderr: expect.not.stringContaining("no installation config"),
      });
      expect(installed.stdout).not.toContain("8091");
      expect(installed.stderr).toMatch(/^ {2}listens on {2}port 90\n {2}probes on {3}port 8091\n/m);
      expect((await systemd.request("http://127.0.0.1:8091/")).status).toBe(200);
      expect(await systemd.show("web-health.socket", "UnitFileState")).toBe("static");
      expect(await systemd.show("web.service", "MainPID")).toBe(pid);
      expect(await inFolder("install", "--yes")).toMatchObject({ code: 0 });

      await call("/", ["drain", "web"]);
      expect((await systemd.request("http://127.0.0.1:8091/")).status).toBe(503);
      expect(await inFolder("uninstall", "web", "--yes")).toMatchObject({ code: 0 });
      expect(isDrained("web")).toBe(false);
      await expect(systemd.request("http://127.0.0.1:8091/")).rejects.toMatchObject({
        code: "ECONNREFUSED",
      });
      expect(await systemd.show("web-health.socket", "LoadState")).toBe("not-found");
    });

    test("removes the health socket that a config no longer has", async () => {
      await configure({ healthSocket: 8091 });
      expect(await inFolder("install", "--yes")).toMatchObject({ code: 0 });
      // A probe that is being answered is not in the way of a restart.
      const silent = await openClient(systemd, { port: 8091 });
      await configure({ healthSocket: 8091, environment: { CHANGED: "yes" } });
      expect(await inFolder("install", "--yes")).toMatchObject({ code: 0 });
      await configure({});
      expect(await inFolder("install", "--yes")).toMatchObject({ code: 0 });
      await expect(systemd.request("http://127.0.0.1:8091/")).rejects.toMatchObject({ code: "ECONNREFUSED" });
      expect((await systemd.request("http://127.0.0.1:90/")).status).toBe(200);
      silent.kill();
      await inFolder("uninstall", "web", "--yes");
    });

    test("refuses a template, whose instances it can't know", async () => {
      await configure({ template: true, sockets: [{ listen: "/run/web-%i.sock" }] });
      expect(await inFolder("install", "--yes")).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(
          /web has template: true, .*\n[^]*units --out [^]*enable --now web@1\.socket/,
        ),
      });
    });

    test("refuses the name drained, whose folder has the files of sockact drain", async () => {
      await configure({ name: "drained" });
      expect(await inFolder("install", "--yes")).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("sockact has its own files in /var/lib/sockact/drained"),
      });
    });
  });

  describe("refuses", () => {
    const app = async (folder: string, ...args: string[]): Promise<CommandResult> => {
      await systemd.write(`${folder}/server.js`, server(`"hi"`));
      return call(folder, ["install", "server.js", "--name", "odd", "--listen", "80", "--dry-run", ...args]);
    };

    test("an app in the folder that systemd gives to the service", async () => {
      const { code, stderr } = await app("/var/lib/odd");
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringContaining("/var/lib/odd is in a folder that systemd gives to the service odd"),
      });
      await systemd.mustRun(["rm", "-r", "/var/lib/odd"]);
    });

    test("an unknown user", async () => {
      const { code, stderr } = await app("/srv/odd", "--run-as", "nobody2");
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringContaining("the user nobody2 does not exist"),
      });
      expect(stderr.replaceAll(/\s+/g, " ")).toContain(
        "sudo useradd --system --shell /usr/sbin/nologin nobody2.",
      );
    });

    test.each([
      ["/root/home'q", "does not accept a path in a home with"],
      ["/srv/space ", `a unit can't name the folder "/srv/space "`],
      ["/tmp/app", "Move the app: sudo cp -r /tmp/app /srv/odd"],
    ])("an app in %s", async (folder, message) => {
      const { code, stderr } = await app(folder);
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(message) });
    });

    test.each([
      ["", "--root is empty"],
      ["/srv/missing", "the folder /srv/missing does not exist"],
    ])("%j as a root", async (root, message) => {
      const { code, stderr } = await app("/srv/odd", "--root", root);
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
    });

    test("a folder as a file of variables", async () => {
      const { code, stderr } = await app("/srv/odd", "--environment-file", ".");
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("does not exist") });
    });

    test("to guess with --yes", async () => {
      await systemd.write("/srv/guess/package.json", `{ "scripts": { "start": "next start" } }`);
      await systemd.write("/srv/guess/app.mjs", "");
      const { code, stderr } = await call("/srv/guess", ["install", "--yes", "--dry-run"]);
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: expect.stringContaining("npx sockact install app.mjs"),
      });
    });
  });

  test("takes a root as a shell completes it", async () => {
    await systemd.write("/srv/disk/etc/os-release", "");
    await systemd.write("/srv/odd/server.js", server(`"hi"`));
    const args = ["install", "server.js", "--name", "odd", "--root", "../disk/", "--dry-run"];
    expect(await call("/srv/odd", args)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("# /srv/disk/etc/systemd/system/odd.service"),
    });
  });

  test("warns if every user may change the service's files, and reads no file of variables twice", async () => {
    await systemd.write("/srv/open/server.js", `process.loadEnvFile();\nrequire("./lib/a.js");\n`);
    await systemd.write("/srv/open/lib/a.js", "");
    await systemd.write("/srv/open/.env", "A=1\n");
    await systemd.mustRun(["sh", "-ec", "cd /srv/open; chmod 777 lib; chmod 666 .env"]);
    const args = ["install", "server.js", "--name", "open", "--dry-run", "--environment-file", ".env"];
    const stderr = (await call("/srv/open", args)).stderr.replaceAll(/\s+/g, " ");
    expect(stderr).toContain("Every user may write to /srv/open/lib, /srv/open/.env, and so change");
    expect(stderr).toContain("systemd reads .env, and the app reads it too.");
    expect(stderr).not.toContain("--environment-file");
  });

  test("warns if the app reads a file of variables that the service can't read", async () => {
    await systemd.write("/srv/dotenv/server.js", `require("dotenv/config");\n${server(`"hi"`)}`);
    await systemd.write("/srv/dotenv/node_modules/dotenv/config.js", "");
    await systemd.write("/srv/dotenv/.env", "A=1\n");
    const noted = async (...args: string[]) =>
      (await call("/srv/dotenv", ["install", ...args, "--dry-run"])).stderr.replaceAll(/\s+/g, " ");
    const warning = "The app reads /srv/dotenv/.env, and the service's user can't";
    const args = ["server.js", "--name", "dotenv"];
    expect(await noted(...args)).not.toContain(".env");
    await systemd.mustRun(["chmod", "600", "/srv/dotenv/.env"]);
    const closed = await noted(...args);
    expect(closed).toContain(warning);
    expect(closed).toContain("Let systemd read the file, as root: --environment-file .env");
    expect(closed).not.toContain("chmod");
    expect(await noted(...args, "--environment-file", ".env")).not.toContain(warning);
    const link = "another user can put a link to any file in its place";
    expect(await noted(...args, "--environment-file", ".env")).not.toContain(link);
    await systemd.mustRun(["chown", "daemon", "/srv/dotenv"]);
    expect(await noted(...args, "--environment-file", ".env")).toContain(
      `${link} (/srv/dotenv: user 1 owns it, and not root). To forbid that: sudo install -m 600 /srv/dotenv/.env /etc/dotenv.env`,
    );
    await systemd.mustRun(["chown", "root", "/srv/dotenv"]);
    const config = {
      name: "dotenv",
      exec: ["node", "./server.js"],
      sockets: [{ listen: 80 }],
      preload: true,
    };
    const file = "/srv/dotenv/sockact.config.json";
    await systemd.write(file, JSON.stringify(config));
    expect(await noted()).toContain(`${warning}: its variables will be missing.`);
    await systemd.write(file, JSON.stringify({ ...config, environmentFile: "./.env" }));
    expect(await noted()).not.toContain(warning);
  });

  test("names the owner of a folder of readWritePaths that the service can't write to", async () => {
    const config = {
      name: "owned",
      exec: ["node", "./server.js"],
      sockets: [{ listen: 80 }],
      preload: true,
      user: "daemon",
      readWritePaths: ["./data"],
    };
    await systemd.write(
      "/srv/owned/server.js",
      `require("node:fs").writeFileSync("/srv/owned/data/new.txt", "");\n${server(`"hi"`)}`,
    );
    await systemd.write("/srv/owned/sockact.config.json", JSON.stringify(config));
    const install = async () => {
      const { code, stderr } = await call("/srv/owned", ["install", "--yes"]);
      return { code, stderr: stderr.replaceAll(/\s+/g, " ") };
    };
    const absent = await install();
    expect(absent.code).toBe(1);
    expect(absent.stderr).toContain(
      "could not write to /srv/owned/data of readWritePaths: it does not exist",
    );
    expect(absent.stderr).toContain("sudo install -d -o daemon /srv/owned/data");
    await systemd.mustRun(["mkdir", "/srv/owned/data"]);
    const wrong = "/srv/owned/data belongs to root, not to daemon: sudo chown -R daemon /srv/owned/data";
    const closed = await install();
    expect(closed.code).toBe(1);
    // In the plan, and with the output of the app.
    expect(closed.stderr.split(wrong)).toHaveLength(3);
    expect(closed.stderr).not.toContain("The sandbox lets");
    await systemd.mustRun(["chown", "-R", "daemon", "/srv/owned/data"]);
    expect(await install()).toMatchObject({ code: 0, stderr: expect.not.stringContaining("belongs to") });
    await uninstall("owned");
  });

  test("starts nothing if a credential's file does not exist, and says so in a dry run", async () => {
    const missing = "LoadCredential= names /etc/nowhere.key, which does not exist";
    const config = { name: "keyed", exec: ["node", "./server.js"], sockets: [{ listen: 80 }], preload: true };
    const credentials = { "tls.key": "/etc/nowhere.key" };
    await systemd.write("/srv/keyed/server.js", server(`"hi"`));
    await systemd.write("/srv/keyed/sockact.config.json", JSON.stringify({ ...config, credentials }));
    const refused = await call("/srv/keyed", ["install", "--yes"]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`the service could not start: ${missing}`);
    expect((await systemd.run(["ls", "/etc/systemd/system/keyed.service"])).code).not.toBe(0);
    const shown = await call("/srv/keyed", ["install", "--dry-run"]);
    expect(shown.code).toBe(0);
    expect(shown.stderr.replaceAll(/\s+/g, " ")).toContain(`The service can't start yet: ${missing}.`);
  });

  test("takes no file of variables from a start script if another user can replace it", async () => {
    const start = (script: string) =>
      systemd.write("/srv/scripted/package.json", JSON.stringify({ scripts: { start: script } }));
    const args = ["install", "--name", "scripted", "--dry-run"];
    await systemd.write("/srv/scripted/server.js", server(`"hi"`));
    await systemd.write("/srv/scripted/.env", "A=1\n");
    await start("dotenv -- node server.js");
    expect(await call("/srv/scripted", args)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("\nEnvironmentFile=/srv/scripted/.env\n") as string,
    });
    await systemd.mustRun(["chown", "daemon", "/srv/scripted"]);
    const { code, stderr } = await call("/srv/scripted", args);
    expect(code).toBe(1);
    expect(stderr).toContain(
      "another user can put a link to any file in its place (/srv/scripted: user 1 owns it",
    );
    const named = await call("/srv/scripted", [...args, "--environment-file", ".env"]);
    expect(named.code).toBe(0);
  });

  test("prints no control characters of the app", async () => {
    await systemd.write("/srv/evil/server.js", server(`"hi"`));
    const printed = async (file: string) => {
      await systemd.mustRun(["ln", "-s", "/etc/hosts", `/srv/evil/${file}`]);
      const start = `dotenv -e '${file}' -- node server.js`;
      await systemd.write("/srv/evil/package.json", JSON.stringify({ scripts: { start } }));
      return (await call("/srv/evil", ["install", "--name", "evil", "--dry-run"])).stderr;
    };
    const [refused, noted] = [await printed("\u001B[2J.env"), await printed("\u001B]0;title\u0007.env")];
    expect(refused).toContain("systemd reads its name as a pattern");
    expect(noted).toContain("The start script was not understood");
    // oxlint-disable-next-line no-control-regex
    expect(refused + noted).not.toMatch(/[\u0007\u001B]/);
  });

  test("prints no control characters that the app logs", async () => {
    const code = String.raw`console.log("\u001B]0;title\u0007\u001B[2Jsaid")`;
    await systemd.write("/srv/evil/server.js", `${code};${server(`(response.statusCode = 500, "hi")`)}`);
    const { stdout, stderr } = await call("/srv/evil", ["install", "server.js", "--name", "evil", "--yes"]);
    await uninstall("evil");
    expect(stderr).toContain("  said\n");
    // oxlint-disable-next-line no-control-regex
    expect(stdout + stderr).not.toMatch(/[\u0007\u001B]/);
  });

  test("proposes a readable copy, but not in the present folder", async () => {
    await systemd.write("/srv/shut/server.js", server(`"hi"`));
    await systemd.write("/etc/shut/server.js", server(`"hi"`));
    await systemd.mustRun(["chmod", "700", "/srv/shut", "/etc/shut"]);
    const args = ["install", "server.js", "--name", "shut", "--dry-run"];
    const elsewhere = (await call("/etc/shut", args)).stderr;
    expect(elsewhere).toContain("sudo cp -r /etc/shut /srv/ && sudo chmod -R o+rX /srv/shut\n");
    expect((await call("/srv/shut", args)).stderr).not.toContain("cp -r");
    await systemd.mustRun(["rm", "-r", "/etc/shut"]);
  });

  test("runs no program of the app as root", async () => {
    const bin = "/srv/trap/node_modules/.bin";
    await systemd.write("/srv/trap/server.js", server(`"hi"`));
    const programs = "systemctl systemd-run getent id flock sh ss journalctl".split(" ");
    for (const program of programs)
      await systemd.write(`${bin}/${program}`, `#!/bin/sh\necho ${program} >>/srv/trap/ran\n`);
    await systemd.mustRun(["sh", "-ec", `chmod +x ${bin}/*; chown -R 1000:1000 /srv/trap`]);
    const args = ["install", "server.js", "--name", "trap", "--listen", "80", "--yes"];
    const PATH = `${bin}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`;
    expect(await call("/srv/trap", args, { env: { PATH } })).toMatchObject({ code: 0 });
    expect(await systemd.run(["cat", "/srv/trap/ran"])).toMatchObject({ code: 1 });
    await uninstall("trap");
  });

  describe.each([
    ["EROFS", `require("node:fs").writeFileSync("data.txt", "")`],
    ["ENOENT of mkdir", `require("node:fs").mkdirSync("./data", { recursive: true })`],
    ["SQLite", `throw new Error("unable to open database file")`],
  ])("of an app that can't write: %s", (_, writes) => {
    const hint =
      /The sandbox lets the app write only to \/var\/lib\/blog\. In the app: path\.join\(process\.env\.STATE_DIRECTORY, "[\w.]+"\)\. For another folder, a config has user and readWritePaths: .*explain file-read-only/;
    const args = ["install", "server.js", "--name", "blog", "--listen", "80", "--yes"];

    test("says where it may write when it does not start", async () => {
      await systemd.write("/srv/blog/server.js", `${writes};\n${server(`"hi"`)}`);
      const { code, stderr } = await call("/srv/blog", args);
      expect(code).toBe(1);
      expect(stderr.replaceAll(/\s+/g, " ")).toMatch(hint);
      expect(
        (await call("/srv/blog", [...args, "--run-as", "daemon", "--hardening", "none"])).stderr,
      ).not.toContain("The sandbox");
    });

    test("says where it may write when it answers 500", async () => {
      const answer = `try { ${writes} } catch (error) { console.error(error); r.statusCode = 500; r.end(); }`;
      await systemd.write(
        "/srv/blog/server.js",
        `require("node:http").createServer((_, r) => { ${answer} }).listen(3000);`,
      );
      const { code, stderr } = await call("/srv/blog", args);
      expect(code).toBe(0);
      expect(stderr.replaceAll(/\s+/g, " ")).toMatch(hint);
      await uninstall("blog");
    });
  });

  test("starts nothing with --no-start, although another process has the port, unless the service runs", async () => {
    await systemd.write("/srv/later/server.js", server(`"hi"`));
    const args = ["install", "server.js", "--name", "later", "--listen", "80", "--yes"];
    const holder = systemd.spawn([
      systemd.node,
      "--eval",
      `require("node:net").createServer().listen(80, () => console.log("listening"))`,
    ]);
    await once(holder.stdout!, "data");
    const { code, stdout } = await call("/srv/later", [...args, "--no-start"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^✓ later is installed, and not started\.$/m);
    expect(stdout).toMatch(/^ {2}sudo systemctl start later\.socket +starts it$/m);
    expect(await systemd.show("later.socket", "UnitFileState")).toBe("enabled");
    expect(await systemd.show("later.socket", "ActiveState")).toBe("inactive");
    holder.kill("SIGKILL");
    await once(holder, "close");
    await systemd.start("later.socket");
    expect((await systemd.request("http://127.0.0.1:80/")).body).toBe("hi");
    const again = await call("/srv/later", [...args, "--no-start"]);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain("later.socket is active, so --no-start can't be used");
    expect((await call("/srv/later", args)).stdout).toContain("later was installed already");
    await uninstall("later");
  });

  test("prints JSON for programs", async () => {
    await systemd.write("/srv/json/server.js", server(`"hi"`));
    const args = ["install", "server.js", "--name", "json", "--listen", "/run/json.sock", "--yes", "--json"];
    const { stdout, code } = await call("/srv/json", args);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([
      {
        name: "json",
        changed: true,
        sockets: ["json.socket"],
        service: "json.service",
        answers: [{ outcome: "http", url: "/run/json.sock", status: 200 }],
      },
    ]);
    await uninstall("json");
  });

  test("lists the installed services of a config when the next one fails", async () => {
    const exec = (file: string) => [systemd.node, `/srv/two/${file}.js`];
    const services = ["good", "bad"].map((name, index) => ({
      name,
      exec: exec(name),
      sockets: [{ listen: 7101 + index }],
      preload: true,
    }));
    await systemd.write("/srv/two/good.js", server(`"hi"`));
    await systemd.write("/srv/two/bad.js", `throw new Error("no database");\n`);
    await systemd.write("/srv/two/sockact.config.json", JSON.stringify(services));
    packed.install(systemd.hostPath("/srv/two"), ["@sockact/register"]);
    const { stdout, stderr, code } = await call("/srv/two", ["install", "--yes", "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: "SOCKACT_ERR_INSTALL_START" },
      installed: [{ name: "good", changed: true }],
    });
    expect(stderr).toContain("The services before it stay installed: good");
    await uninstall("good");
  });

  test("writes below another root, and starts nothing", async () => {
    await systemd.write("/srv/image/etc/os-release", "");
    await systemd.write("/srv/rooted/server.js", server(`"hi"`));
    const args = [
      "install",
      "server.js",
      "--name",
      "rooted",
      "--listen",
      "80",
      "--root",
      "/srv/image",
      "--yes",
    ];
    expect(await call("/srv/rooted", args)).toMatchObject({ code: 0 });
    const found = await systemd.mustRun(["find", "/srv/image/etc/systemd", "-name", "rooted.socket"]);
    expect(found.trim().split("\n")).toHaveLength(2);
    expect(await systemd.show("rooted.socket", "LoadState")).toBe("not-found");
  });
});
