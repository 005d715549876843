import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import {
  bootPrivateSystemd,
  type CommandOptions,
  type CommandResult,
  describeWith,
  isLongRun,
  LONG_ONLY,
  type PrivateSystemd,
  PackedPackages,
} from "@sockact/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { apps, writeApp } from "./install-apps.ts";

/** Like npx: in a cache of root, which no other user may read. */
const installed = "/root/.npm/_npx/1";
const cli = `${installed}/node_modules/sockact/bin/sockact.cjs`;

describeWith({ privateSystemd: true }, "sockact install", () => {
  let systemd: PrivateSystemd;
  let packed: PackedPackages;

  beforeAll(async () => {
    [systemd, packed] = await Promise.all([bootPrivateSystemd(), PackedPackages.packForRun()]);
    const mounts = ["/srv", "/home", "/root"].map((path) => `mount -t tmpfs -o mode=755 tmpfs ${path}`);
    await systemd.mustRun(["sh", "-ec", [...mounts, "chmod 700 /root"].join("\n")]);
    mkdirSync(systemd.hostPath(installed), { recursive: true });
    packed.install(systemd.hostPath(installed), ["sockact"]);
  }, 60_000);
  afterAll(() => systemd?.close());

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
    await systemd.mustRun([systemd.node, cli, "uninstall", name, "--yes", "--purge"]);
  }

  describe.each(isLongRun ? apps : apps.slice(0, 3))("of the app $name", (app) => {
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

    test("status shows it", async () => {
      const { stdout, code } = await call("/", ["status", name]);
      expect({ stdout, code }).toEqual({ stdout: expect.stringContaining(name), code: 0 });
    });

    test("doctor finds nothing", async () => {
      expect(await call("/", ["doctor", name])).toMatchObject({ code: 0 });
    });

    test("reload reloads it, or says that it can't", async () => {
      expect(await call("/", ["reload", name])).toMatchObject({
        code: app.isSilent === true ? 1 : 0,
        stderr: expect.stringContaining(app.isSilent === true ? "ERR_RELOAD" : ""),
      });
      expect(await systemd.request("http://localhost/")).toMatchObject({ status: 200 });
    });

    test("uninstall leaves nothing", async () => {
      await uninstall(name);
      const left = (await files()).filter((path) => path !== "/var/lib/sockact");
      expect(left).toEqual(before.filter((path) => path !== "/var/lib/sockact"));
      await expect(systemd.request("http://localhost/")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    });
  });

  const server = (body: string): string =>
    `require("node:http").createServer((request, response) => response.end(${body})).listen(3000);\n`;

  describe("of an app in a home that is closed to others", () => {
    // As nvm has it.
    const node = "/home/me/.nvm/versions/node/v20.99.0/bin/node";
    const sudo = { SUDO_UID: "1500", SUDO_GID: "1500", SUDO_USER: "me" };
    const asMe = async (args: string[], options: CommandOptions = {}) =>
      systemd.run(
        [
          "setpriv",
          "--reuid=1500",
          "--regid=1500",
          "--clear-groups",
          node,
          "/opt/npx/bin/sockact.cjs",
          ...args,
        ],
        {
          cwd: "/home/me/shop",
          timeout: 60_000,
          ...options,
          env: {
            HOME: "/home/me",
            USER: "me",
            XDG_RUNTIME_DIR: "/run/user/1500",
            npm_command: "exec",
            ...options.env,
          },
        },
      );
    const bySudo = async (...args: string[]) =>
      systemd.run([node, cli, "install", ...args], { cwd: "/home/me/shop", timeout: 60_000, env: sudo });

    beforeAll(async () => {
      await systemd.mustRun([
        "sh",
        "-ec",
        `useradd --uid 1500 --create-home me
        mkdir -p ${dirname(node)} /home/me/shop /home/me/.ssh
        cp ${systemd.node} ${node}
        mount -t tmpfs -o mode=755 tmpfs /opt
        cp -r ${dirname(dirname(cli))} /opt/npx
        cp -r ${installed}/node_modules /opt/npx/`,
      ]);
      await systemd.write(
        "/home/me/shop/server.js",
        server(`JSON.stringify({ uid: process.getuid(), home: require("node:fs").readdirSync("/home/me") })`),
      );
      await systemd.write("/home/me/shop/package.json", "{}");
      await systemd.mustRun(["sh", "-ec", "chown -R me:me /home/me; chmod 700 /home/me"]);
    });

    test("opens only the app and Node to the service's user", async () => {
      const result = await bySudo("server.js", "--name", "closed", "--listen", "80", "--yes");
      expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining("answers 200 OK") });
      const { uid, home } = JSON.parse((await systemd.request("http://localhost/")).body);
      expect(uid).toBeGreaterThanOrEqual(61_184);
      expect(home).toEqual([".nvm", "shop"]);
      await uninstall("closed");
    });

    test("has a hint when the app's own folder is closed too", async () => {
      await systemd.mustRun(["chmod", "700", "/home/me/shop"]);
      try {
        const refused = await bySudo("server.js", "--name", "closed", "--dry-run");
        expect(refused.code).toBe(1);
        expect(refused.stderr).toContain(
          "the user of the service may not enter the folder /home/me/shop (drwx------)",
        );
        expect(refused.stderr).toContain("sudo chmod -R o+rX /home/me/shop");
        expect(refused.stderr).toContain("--run-as me");
        const other = await bySudo("server.js", "--name", "closed", "--dry-run", "--run-as", "me");
        expect(other).toMatchObject({ code: 0, stdout: expect.stringContaining("\nUser=me\n") });
      } finally {
        await systemd.mustRun(["chmod", "755", "/home/me/shop"]);
      }
    });

    test("opens no folder of another home, whatever the app links to", async () => {
      await systemd.write("/home/other/private/package.json", "{}");
      await systemd.mustRun([
        "sh",
        "-ec",
        `mkdir /home/me/shop/node_modules
        ln -s ../../own /home/me/shop/node_modules/own
        ln -s ../../gone /home/me/shop/node_modules/gone
        mkdir /home/me/own; echo {} >/home/me/own/package.json; chown -R me:me /home/me`,
      ]);
      const own = await bySudo("server.js", "--name", "linked", "--dry-run");
      expect(own).toMatchObject({
        code: 0,
        stdout: expect.stringContaining("BindReadOnlyPaths=/home/me/own\n"),
      });
      await systemd.mustRun(["ln", "-s", "/home/other/private", "/home/me/shop/node_modules/private"]);
      const others = await bySudo("server.js", "--name", "linked", "--dry-run");
      expect(others).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("node_modules/private: the sandbox hides it"),
      });
      await systemd.mustRun(["rm", "-r", "/home/me/shop/node_modules", "/home/me/own"]);
    });

    test("refuses an app that is directly in the home", async () => {
      await systemd.write("/home/me/server.js", server(`"hi"`));
      const result = await systemd.run([node, cli, "install", "server.js", "--dry-run"], {
        cwd: "/home/me",
        env: sudo,
      });
      expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining("ERR_INSTALL_APP") });
    });

    test("tells a user without root the command to call", async () => {
      const { code, stderr } = await asMe(["install", "server.js", "--name", "my shop", "--listen", "80"]);
      expect(code).toBe(2);
      expect(stderr).toContain("ERR_INSTALL_ROOT");
      expect(stderr).toContain(
        `\nsudo env "PATH=$PATH" npx sockact install server.js --name 'my shop' --listen 80\n`,
      );
    });

    test("shows the files to a user without root", async () => {
      const { code, stdout } = await asMe(["install", "server.js", "--name", "closed", "--dry-run"]);
      expect({ code, stdout }).toEqual({
        code: 0,
        stdout: expect.stringMatching(/^# \/etc\/systemd\/system\/closed\.socket\n[^]*ProtectHome=tmpfs\n/),
      });
    });

    test("evaluates a config as the user who has called sudo", async () => {
      await systemd.write(
        "/home/me/shop/sockact.config.mjs",
        `export default {
          name: "configured-by-" + process.getuid(),
          exec: [${JSON.stringify(systemd.node)}, "/srv/shop/server.js"],
          sockets: [{ listen: 80 }],
          acknowledge: [],
        };\n`,
      );
      await systemd.write("/srv/shop/server.js", server(`"hi"`));
      await systemd.mustRun(["chown", "me:me", "/home/me/shop/sockact.config.mjs"]);
      try {
        const { stdout } = await bySudo("--dry-run");
        expect(stdout).toContain("# /etc/systemd/system/configured-by-1500.socket");
        const mixed = await bySudo("--dry-run", "--listen", "81");
        expect(mixed).toMatchObject({
          code: 2,
          stderr: expect.stringContaining("--listen would be ignored"),
        });
      } finally {
        await systemd.mustRun(["rm", "/home/me/shop/sockact.config.mjs"]);
      }
    });

    test("refuses --user under sudo", async () => {
      const result = await bySudo("server.js", "--user", "--yes");
      expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining("ERR_INSTALL_SUDO") });
    });

    test("installs it for the user's own service manager", async () => {
      await systemd.systemctl("start", "user@1500.service");
      const result = await asMe([
        "install",
        "server.js",
        "--user",
        "--name",
        "mine",
        "--listen",
        "8080",
        "--yes",
      ]);
      expect(result).toMatchObject({
        code: 0,
        stdout: expect.stringContaining("localhost:8080/ answers 200"),
      });
      expect(JSON.parse((await systemd.request("http://localhost:8080/")).body)).toMatchObject({ uid: 1500 });
      await asMe(["uninstall", "mine", "--user", "--yes"]);
      await systemd.systemctl("stop", "user@1500.service");
    });
  });

  describe("of an app in /root, by root", () => {
    // As root's own nvm has it.
    const node = "/root/.nvm/versions/node/v20.99.0/bin/node";
    const byRoot = async (...args: string[]) =>
      systemd.run([node, cli, "install", ...args], { cwd: "/root/shop", timeout: 60_000 });

    beforeAll(async () => {
      await systemd.mustRun(["sh", "-ec", `mkdir -p ${dirname(node)}; cp ${systemd.node} ${node}`]);
      await systemd.write("/root/secret", "");
      await systemd.write(
        "/root/shop/server.js",
        server(`JSON.stringify({ uid: process.getuid(), home: require("node:fs").readdirSync("/root") })`),
      );
      await systemd.write("/root/shop/package.json", "{}");
    });

    test("opens only the app and Node to the service's user", async () => {
      const result = await byRoot("server.js", "--name", "rooted", "--listen", "80", "--yes");
      expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining("answers 200 OK") });
      const { uid, home } = JSON.parse((await systemd.request("http://localhost/")).body);
      expect(uid).toBeGreaterThanOrEqual(61_184);
      expect(home).toEqual([".nvm", "shop"]);
      expect(await call("/", ["doctor", "rooted"])).toMatchObject({ code: 0 });
      await uninstall("rooted");
    });

    test("has hints that help if an existing user can't enter it", async () => {
      const refused = await byRoot("server.js", "--name", "rooted", "--dry-run", "--run-as", "daemon");
      expect(refused.code).toBe(1);
      expect(refused.stderr).not.toContain("chmod o+");
      expect(refused.stderr).toContain("Leave out --run-as.");
    });

    test.runIf(isLongRun)(`opens the same for a config${LONG_ONLY}`, async () => {
      await systemd.write(
        "/root/shop/sockact.config.json",
        `{ "name": "rooted", "exec": ["node", "./server.js"], "sockets": [{ "listen": 80 }], "preload": true }`,
      );
      const result = await byRoot("--yes");
      expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining("answers 200 OK") });
      expect(result.stderr.replaceAll(/\s+/g, " ")).toContain(
        `The service sees ${node} and /root/shop, and nothing else in homes`,
      );
      const { home } = JSON.parse((await systemd.request("http://localhost/")).body);
      expect(home).toEqual([".nvm", "shop"]);
      expect(await call("/", ["doctor", "rooted"])).toMatchObject({
        code: 0,
        stdout: expect.stringContaining("nothing found"),
      });
      // As nvm uninstall does it.
      await systemd.mustRun(["rm", "-r", dirname(dirname(node))]);
      await systemd.run(["systemctl", "restart", "rooted.service"]);
      const { stdout } = await call("/", ["doctor", "rooted"]);
      expect(stdout).toContain(`${node} does not exist`);
      expect(stdout.replaceAll(/\s+/g, " ")).toContain(
        'cd /root/shop sudo env "PATH=$PATH" npx sockact install',
      );
      await uninstall("rooted");
    });
  });

  describe("of an app that is not right", () => {
    async function installApp(name: string, code: string, ...args: string[]): Promise<CommandResult> {
      await systemd.write(`/srv/${name}/server.js`, code);
      return call(`/srv/${name}`, [
        "install",
        "server.js",
        "--name",
        name,
        "--listen",
        "80",
        "--yes",
        ...args,
      ]);
    }

    test("undoes all changes if it does not start, and shows its output", async () => {
      const before = await files();
      const result = await installApp(
        "crash",
        `throw new Error("no database");\n`,
        "--listen",
        "/run/crash/a/b.sock",
      );
      expect(result.code).toBe(1);
      expect(result.stderr).toMatch(/crash does not start, so all changes were undone/);
      expect(result.stderr).toMatch(/^ {2}Error: no database$/m);
      const own = (path: string) => !path.endsWith("/sockact");
      expect((await files()).filter(own)).toEqual(before.filter(own));
      const left = await systemd.run(["ls", "-d", "/var/lib/private/crash", "/run/crash"]);
      expect(left.stdout).toBe("");
      await expect(systemd.request("http://localhost/")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    });

    test("keeps an app that does not answer, and reports it", async () => {
      const silent = `require("node:http").createServer(() => console.log("asked")).listen(3000);\n`;
      const result = await installApp("silent", silent, "--timeout", "1");
      expect(result).toMatchObject({ code: 1, stdout: expect.stringContaining("no answer for 1 s") });
      expect(result.stdout).toContain("doctor silent");
      expect(result.stderr).toMatch(/^ {2}asked$/m);
      expect(await systemd.show("silent.socket", "ActiveState")).toBe("active");
      await systemd.systemctl("kill", "--signal=KILL", "silent.service");
      await uninstall("silent");
    });

    test("reports a cluster that does not become ready, because its primary does not import sockact", async () => {
      packed.install(systemd.hostPath("/srv/cluster"), ["@sockact/core"]);
      await systemd.write(
        "/srv/cluster/worker.js",
        `const server = require("node:http").createServer((request, response) => response.end("hi"));
        void require("@sockact/core").listen(server, { port: 3000 });\n`,
      );
      await systemd.write(
        "/srv/cluster/server.js",
        "const cluster = require('node:cluster'); cluster.setupPrimary({ exec: __dirname + '/worker.js' }); cluster.fork();",
      );
      await systemd.write(
        "/srv/cluster/sockact.config.json",
        JSON.stringify({
          name: "cluster",
          exec: ["node", "./server.js"],
          sockets: [{ listen: 80 }],
          type: "notify",
        }),
      );
      const { code, stdout, stderr } = await call("/srv/cluster", ["install", "--yes", "--timeout", "2"]);
      expect(stdout).toMatch(/^! cluster is installed\.\n {2}http:\/\/localhost\/ answers 200 OK/);
      expect(stdout).toContain("  cluster.service has not told systemd that it is ready.");
      expect(stderr).toContain("[SOCKACT_PRIMARY]");
      expect(code).toBe(1);
      await systemd.systemctl("kill", "--signal=KILL", "cluster.service");
      await uninstall("cluster");
    });

    test("of a socket that wants a PROXY header sends one, and does not count its refusal as a failure", async () => {
      packed.install(systemd.hostPath("/srv/balanced"), ["@sockact/core"]);
      const sockets = { web: { proxyProtocol: true }, far: { proxyProtocol: { from: ["10.0.0.1"] } } };
      await systemd.write(
        "/srv/balanced/server.js",
        `const server = require("node:http").createServer((request, response) => response.end("hi"));
        void require("@sockact/core").listen(server, { port: 3000, sockets: ${JSON.stringify(sockets)} });\n`,
      );
      await systemd.write(
        "/srv/balanced/sockact.config.json",
        JSON.stringify({
          name: "balanced",
          exec: ["node", "./server.js"],
          sockets: [
            { name: "web", listen: 80 },
            { name: "far", listen: 81 },
          ],
        }),
      );
      const { code, stdout } = await call("/srv/balanced", ["install", "--yes"]);
      expect(stdout).toMatch(/^✓ balanced is installed\.\n/);
      expect(stdout).toMatch(/^ {2}http:\/\/localhost\/ answers 200 OK after /m);
      expect(stdout).toContain("  http://localhost:81/ wants a PROXY header");
      expect(code).toBe(0);
      const doctor = await call("/srv/balanced", ["doctor", "balanced", "--json"]);
      expect(doctor.stdout).toContain('"code": "proxy-header"');
      expect(doctor.stdout).toContain("has closed connections to web");
      await uninstall("balanced");
    });

    test.runIf(isLongRun)(
      `has a hint to name a socket, and the command that installs the app anyway${LONG_ONLY}`,
      async () => {
        packed.install(systemd.hostPath("/srv/named"), ["@sockact/core"]);
        const { code, stderr } = await installApp(
          "named",
          `const { listen } = require("@sockact/core");
        void listen(require("node:http").createServer(), { port: 3000, sockets: { web: {} } });\n`,
        );
        expect(code).toBe(1);
        expect(stderr).toContain(`sockets: [{ name: "web", listen: 80 }]. npx sockact init writes one.`);
        expect(stderr).toMatch(
          /: sudo .*npx sockact install server\.js --name named --listen 80 --yes --no-request\n$/,
        );
      },
    );

    describeWith({ commands: ["script", "pkill"] }, "in a terminal", () => {
      test("undoes all changes when its terminal is closed, and ends by SIGHUP", async () => {
        const before = await files();
        await systemd.write(
          "/srv/hung/server.js",
          `require("node:http").createServer(() => console.log("asked")).listen(3000);process.on("SIGTERM", () => process.exit());\n`,
        );
        const command = `${systemd.node} ${cli} install server.js --name hung --listen 80 --yes`;
        // The kernel tells the shell alone that the terminal is gone.
        const script = `cd /srv/hung; ${command} & trap "kill -HUP $!" HUP; wait; wait $!; echo $? >/tmp/hung`;
        const child = systemd.spawn(["script", "--quiet", "--return", "--command", script, "/dev/null"]);
        await systemd.waitForJournal("hung.service", /asked/);
        await systemd.mustRun(["pkill", "-KILL", "-x", "script"]);
        const code = await systemd.mustRun([
          "sh",
          "-c",
          "until [ -s /tmp/hung ]; do sleep 0.02; done; cat /tmp/hung",
        ]);
        expect(code).toBe("129\n");
        expect(await files()).toEqual(before);
        child.kill();
      });
    });

    test("asks nothing without a terminal, and changes nothing", async () => {
      await systemd.write("/srv/quiet/server.js", server(`"hi"`));
      const result = await call("/srv/quiet", ["install", "server.js", "--name", "quiet"]);
      expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining("Add --yes") });
      expect(await files()).not.toContain("/etc/systemd/system/quiet.socket");
    });
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

  test.runIf(isLongRun)(
    `lists the installed services of a config when the next one fails${LONG_ONLY}`,
    async () => {
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
      expect(JSON.parse(stdout)).toMatchObject([{ name: "good", changed: true }]);
      expect(stderr).toContain("The services before it stay installed: good");
      await uninstall("good");
    },
  );

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
