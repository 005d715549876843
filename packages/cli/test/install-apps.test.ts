import {
  type CommandResult,
  describeWith,
  type PackedPackages,
  type PrivateSystemd,
  systemdVersion,
} from "@sockact/testkit";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { type App, apps, writeApp } from "./install-apps.ts";
import { cli, server, useMachine } from "./machine.ts";

describeWith({ privateSystemd: true }, "sockact install", () => {
  const machine = useMachine();
  const { call, files, uninstall } = machine;
  let systemd: PrivateSystemd;
  let packed: PackedPackages;
  beforeAll(() => {
    ({ systemd, packed } = machine);
  });

  /** With an older systemd, an app in the sandbox does not say when it is ready, so nothing reloads it. */
  const tellsReady = systemdVersion()! >= 253;

  // Each app is installed, called and removed. Two of them show the two ways to a socket: by a package of
  // sockact, and by the app itself.
  const always = ["express", "sveltekit"];
  const others = apps.filter(({ name }) => !always.includes(name));

  describe.each(apps.filter(({ name }) => always.includes(name)))("of the app $name", (app) => {
    installsAndRemoves(app);
  });
  describe.each(others)("of the app $name", { tags: "campaign" }, (app) => {
    installsAndRemoves(app);
  });

  function installsAndRemoves(app: App): void {
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
      const reloads = app.isSilent !== true && tellsReady;
      expect(await call("/", ["reload", name])).toMatchObject({
        code: reloads ? 0 : 1,
        stderr: expect.stringContaining(reloads ? "" : "SOCKACT_ERR_RELOAD"),
      });
      expect(await systemd.request("http://localhost/")).toMatchObject({ status: 200 });
    });

    test("uninstall leaves nothing", async () => {
      await uninstall(name);
      expect(await files()).toEqual(before);
      await expect(systemd.request("http://localhost/")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    });
  }

  test("an app whose code names no port gets that of the socket in PORT", async () => {
    await systemd.write(
      "/srv/bare/server.js",
      'require("http").createServer((_, response) => response.end(process.env.PORT)).listen(process.env.PORT);\n',
    );
    const { code, stdout } = await call("/srv/bare", ["install", "server.js", "--listen", "80", "--yes"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining("answers 200 OK") });
    expect((await systemd.request("http://localhost/")).body).toBe("80");
    await uninstall("bare");
  });

  describe("of an app that is not right", () => {
    // Also after a test that has failed: the next one needs port 80.
    afterEach(async () => {
      const names = (await systemd.run(["ls", "/var/lib/sockact"])).stdout.split("\n").filter((name) => name);
      for (const name of names) {
        await systemd.run(["systemctl", "kill", "--signal=KILL", `${name}.service`]);
        await uninstall(name);
      }
    });

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
      expect(result.stderr).toMatch(
        /crash does not start\.[^]*^ {2}Error: no database$[^]*\nAll changes were undone\./m,
      );
      expect(await files()).toEqual(before);
      const left = await systemd.run(["ls", "-d", "/var/lib/private/crash", "/run/crash"]);
      expect(left.stdout).toBe("");
      await expect(systemd.request("http://localhost/")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    });

    test("says where an app may write if it writes to its own folder when it starts", async () => {
      const { stderr } = await installApp("writes", `require("node:fs").writeFileSync("data.json", "{}");\n`);
      expect(stderr).toMatch(
        /the app write only to \/var\/lib\/writes\. In the app: path\.join\(process\.env\.STATE_DIRECTORY, "[\w.]+"\)\. For another folder, a config has user and readWritePaths: (?:npx )?sockact explain file-read-only$/m,
      );
    });

    test("keeps an app that does not answer, and reports it", async () => {
      expect(await installApp("silent", server(`"hi"`))).toMatchObject({ code: 0 });
      // It runs already. So the new version has started when it is asked, however long that takes.
      const silent = `require("node:http").createServer(() => console.log("asked")).listen(3000);\n`;
      const result = await installApp("silent", silent, "--idle-timeout", "10min", "--timeout", "1");
      expect(result).toMatchObject({ code: 1, stdout: expect.stringContaining("no answer for 1 s") });
      expect(result.stdout).toContain("doctor silent");
      expect(result.stderr).toMatch(/^ {2}asked$/m);
      expect(await systemd.show("silent.socket", "ActiveState")).toBe("active");
    });

    describeWith({ systemd: 253 }, "with Type=notify,", () => {
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
        const { code, stdout, stderr } = await call("/srv/cluster", ["install", "--yes", "--timeout", "5"]);
        expect(stdout).toMatch(/^! cluster is installed\.\n {2}http:\/\/localhost\/ answers 200 OK/);
        expect(stdout).toContain("  cluster.service has not told systemd that it is ready.");
        expect(stderr).toContain("[SOCKACT_WARN_PRIMARY]");
        expect(code).toBe(1);
      });
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
    });

    test("has a hint to name a socket, and the command that installs the app anyway", async () => {
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
    });

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
});
