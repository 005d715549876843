import { describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ask, bootForDoctor, install, remove } from "./doctor.ts";

describeWith({ privateSystemd: true }, "sockact doctor, on apps", () => {
  let systemd: PrivateSystemd;
  const clients: { kill(): boolean }[] = [];
  /** How many lines the journal had before the app of this test. */
  let before = 0;
  beforeAll(async () => {
    systemd = await bootForDoctor();
    await systemd.write(
      "/srv/shop/package.json",
      JSON.stringify({ name: "shop", scripts: { start: `${systemd.node} app.mjs` } }),
    );
    await systemd.mustRun(["ln", "-s", `${systemd.project}/node_modules`, "/srv/shop/node_modules"]);
  });
  afterAll(() => systemd?.close());
  afterEach(async () => {
    for (const client of clients.splice(0)) client.kill();
    await remove(systemd, "shop");
  });

  /** Installs an app on a port, with the lines of the service that it is about, and starts it. */
  async function run(app: string, service = ""): Promise<void> {
    before = (await systemd.journal("shop.service")).length;
    await systemd.write("/srv/shop/app.mjs", app);
    await install(
      systemd,
      {
        name: "shop",
        exec: [systemd.node, "/srv/shop/app.mjs"],
        sockets: [{ listen: 80 }],
        hardening: "none",
        type: "exec",
      },
      (text, file) => {
        const names = [...service.matchAll(/^(\w+)=/gm)].map(([, name]) => name);
        const own = new RegExp(`^(?:${names.join("|")})=.*\\n`, "gm");
        return file === "shop.service" && names.length > 0
          ? text.replaceAll(own, "").replace("[Service]\n", `[Service]\n${service}`)
          : text;
      },
    );
    // A start that waits for READY=1 ends late or never.
    await systemd.systemctl("start", "--no-block", "shop.service");
  }

  /** A client that waits to be accepted. */
  function connect(port = 80): void {
    const script = `require("node:net").connect(${port}, "::1").on("error", () => {}); setInterval(() => {}, 1000)`;
    clients.push(systemd.spawn([systemd.node, "-e", script], { stdio: "ignore" }));
  }

  /** An app that serves by itself, and prints that it does. */
  const onPort = (port: number, more = "") => `
    import { createServer } from "node:http";
    ${more}
    createServer((_, response) => response.end()).listen(${port}, () => console.log("listening"));`;
  /** The app of an Express user. */
  const express = (lines: string) => `
    import express from "express";
    import { systemdListen } from "@sockact/express";
    const app = express();
    ${lines}`;
  /** Waits until the app of this test has printed such a line. */
  const printed = (pattern: RegExp) =>
    systemd.waitUntil(
      async () => (await systemd.journal("shop.service")).slice(before).some((line) => pattern.test(line)),
      `the app has printed ${pattern}`,
    );
  const listening = () => printed(/listening/);

  describe("that systemd does not run itself", () => {
    it.each([
      ["a shell without exec", (node: string) => `/bin/sh -c '${node} /srv/shop/app.mjs; true'`, "sh"],
      ["node --watch", (node: string) => `${node} --watch /srv/shop/app.mjs`, "node --watch"],
      ["npm start", () => "/usr/bin/npm --prefix /srv/shop start", "npm"],
    ])("finds %s by the processes, and has the ExecStart= to write", async (_, exec, name) => {
      await run(onPort(3000), `Environment=HOME=/tmp\nExecStart=${exec(systemd.node)}\n`);
      await listening();
      const answer = await ask(systemd, "shop");
      const { message, copy, evidence } = answer.finding("launcher");
      expect(message).toMatch(
        new RegExp(`^systemd started ${name} \\(process \\d+\\), and ${name} started the app`),
      );
      expect(evidence[0]!.text).toMatch(/\n\d+ \S+ (?:\/srv\/shop\/)?app\.mjs$/);
      expect(copy).toContainEqual(expect.stringMatching(/^ {2}ExecStart=\/\S+ \S*app\.mjs$/));
      expect(answer.codes.filter((code) => /launcher|shell|taken/.test(code))).toEqual(["launcher"]);
    });

    it("finds npm start, and the port of the app that is taken", async () => {
      const rival = systemd.spawn([
        systemd.node,
        "--eval",
        "require('node:http').createServer().listen(3100, () => console.log('up'))",
      ]);
      await new Promise((resolve) => rival.stdout!.once("data", resolve));
      clients.push(rival);
      await run(onPort(3100), `Environment=HOME=/tmp\nExecStart=/usr/bin/npm --prefix /srv/shop start\n`);
      await printed(/EADDRINUSE/);
      await systemd.waitForUnit("shop.service", "NRestarts", ["1", "2", "3"]);
      let answer = await ask(systemd, "shop");
      // Between two starts, no process shows that npm starts the app.
      for (let turn = 0; turn < 10 && !answer.codes.includes("launcher"); turn += 1)
        answer = await ask(systemd, "shop");
      expect(answer.codes.filter((code) => code !== "restart-loop")).toEqual(["launcher", "port-taken"]);
      expect(answer.finding("launcher").copy).toContainEqual(
        expect.stringMatching(/^ {2}ExecStart=\/\S+\/node \/srv\/shop\/app\.mjs$/),
      );
    });

    it("shows the warning of sockact in the app", async () => {
      await run(
        express(`app.use(systemdListen()); app.listen(3000, () => console.log("listening"));`),
        `ExecStart=${systemd.node} --watch /srv/shop/app.mjs\n`,
      );
      await printed(/SOCKACT_LAUNCHER/);
      await listening();
      const { evidence, copy } = (await ask(systemd, "shop")).finding("launcher");
      expect(evidence.at(-1)!.text).toMatch(/^\[SOCKACT_LAUNCHER\] The sockets were passed to `node --watch/);
      expect(copy).toContainEqual(expect.stringMatching(/^ {2}ExecStart=\/\S+ \/srv\/shop\/app\.mjs$/));
    });

    it("accepts a shell that becomes the app", async () => {
      const command = `/bin/sh -c 'exec ${systemd.node} /srv/shop/app.mjs'`;
      await run(onPort(3000).replace("3000", "{ fd: 3 }"), `ExecStart=${command}\n`);
      await listening();
      expect((await ask(systemd, "shop")).codes).not.toContain("launcher");
    });
  });

  describe("that do not take the socket", () => {
    it("finds one that listens on a separate port", async () => {
      await run(onPort(3000));
      await listening();
      const answer = await ask(systemd, "shop");
      const { message, copy } = answer.finding("socket-not-taken");
      expect(message).toBe(
        "systemd passed [::]:80 to the app, but the app does not accept connections on it. The app listens on [::]:3000 instead.",
      );
      expect(answer.code).toBe(2);
      expect(copy[0]).toContain("app.use(systemdListen())");
      // What it has to copy works.
      const lines = copy.filter((line) => line.startsWith("  ")).map((line) => line.trim());
      await systemd.write("/etc/systemd/system/shop.service.d/override.conf", lines.join("\n"));
      await systemd.systemctl("daemon-reload");
      await systemd.mustRun(["sh", "-c", copy.at(-1)!]);
      await systemd.request("http://localhost/");
      expect((await ask(systemd, "shop")).codes).not.toContain("socket-not-taken");
    });

    it("finds one that opens the port of its socket itself", async () => {
      await run(onPort(80));
      await printed(/EADDRINUSE|EACCES/);
      const answer = await ask(systemd, "shop");
      expect(answer.finding("socket-not-taken")).toMatchObject({
        message: expect.stringContaining(
          "The app tries to open [::]:80 itself, but shop.socket has already opened it.",
        ),
        evidence: [{ text: expect.stringMatching(/EADDRINUSE|EACCES/), source: "journal of shop.service" }],
      });
      expect(answer.codes).not.toContain("restart-loop");
    });

    it("says that systemdListen() came after listen()", async () => {
      await run(express(`app.listen(3000, () => { console.log("listening"); app.use(systemdListen()); });`));
      await printed(/SOCKACT_UNTAKEN/);
      const { evidence, fix } = (await ask(systemd, "shop")).finding("socket-not-taken");
      expect(evidence.at(-1)!.text).toMatch(
        /\[SOCKACT_UNTAKEN\].*systemdListen\(\) was called after listen\(\)/,
      );
      expect(fix).toContain("Call systemdListen() before listen().");
    });

    it("finds an app in a closure", async () => {
      await run(`${express("app.use(systemdListen());")}
        import { createServer } from "node:http";
        createServer((request, response) => app(request, response)).listen(3000, () => console.log("listening"));`);
      await printed(/SOCKACT_UNTAKEN/);
      const { message, fix } = (await ask(systemd, "shop")).finding("socket-not-taken");
      expect(message).toContain("The app listens on [::]:3000 instead.");
      expect(fix).toContain("wrapped in a function");
    });

    it("has other warnings of sockact, such as of a second listen()", async () => {
      await run(express(`app.use(systemdListen()); app.listen(3000, () => app.listen(3001, () => {}));`));
      await printed(/SOCKACT_NOT_LISTENING/);
      expect((await ask(systemd, "shop")).finding("app-warning")).toMatchObject({
        severity: "warning",
        evidence: [
          { text: expect.stringMatching(/^\[SOCKACT_NOT_LISTENING\]/), source: "journal of shop.service" },
        ],
      });
    });

    it("finds nothing in one that uses it", async () => {
      await run(express(`app.use(systemdListen()); app.listen(3000, () => console.log("listening"));`));
      await listening();
      expect((await ask(systemd, "shop")).codes).toEqual([]);
    });
  });

  describe("with Type=notify that do not become ready", () => {
    const notify = "Type=notify\nTimeoutStartSec=1s\nRestart=no\n";

    it("reports that the unit has no way to send READY=1", async () => {
      await run(onPort(3000), `${notify}OpenFile=\n`);
      await systemd.waitForUnit("shop.service", "Result", "timeout");
      const answer = await ask(systemd, "shop");
      expect(answer.finding("never-ready")).toMatchObject({
        message: expect.stringContaining("shop.service was not ready in time, and systemd stopped it."),
        copy: expect.arrayContaining(["  OpenFile=/run/systemd/notify:notify"]),
      });
    });

    it("shows the error of an app that can't send it", async () => {
      await run(
        express(`app.use(systemdListen()); app.listen(3000);`),
        "Type=notify\nTimeoutStartSec=30s\nOpenFile=\n",
      );
      await printed(/ERR_NOTIFY_ACCESS/);
      const { message, copy } = (await ask(systemd, "shop")).finding("never-ready");
      expect(message).toContain("The app could not tell systemd that it is ready.");
      expect(copy).toContain("  OpenFile=/run/systemd/notify:notify");
    });

    it("reports that its option ready does not settle", async () => {
      await run(
        express(`app.use(systemdListen({ ready: () => new Promise(() => {}) }));
          app.listen(3000, () => console.log("listening"));`),
        "Type=notify\nTimeoutStartSec=30s\nOpenFile=/run/systemd/notify:notify\n",
      );
      await listening();
      const { message, evidence } = await until("never-ready");
      expect(message).toContain(
        "It accepts connections already, but has not reported that it is ready. Either the app does not use sockact",
      );
      expect(evidence.at(-1)!.text).toBe("The event loop waits for [::]:80");
    });

    it("reports that it ended before", async () => {
      await run("", `${notify}OpenFile=\n`);
      await systemd.waitForUnit("shop.service", "Result", "protocol");
      const { message } = (await ask(systemd, "shop")).finding("never-ready");
      expect(message).toContain("shop.service ended before it was ready.");
    });

    /** Asks until the doctor finds it: a start must have taken a while. */
    async function until(code: string) {
      let answer = await ask(systemd, "shop");
      await systemd.waitUntil(
        async () => (answer.codes.includes(code) ? true : ((answer = await ask(systemd, "shop")), false)),
        `the doctor finds ${code}`,
      );
      return answer.finding(code);
    }
  });

  describe("that end", () => {
    it("finds one that is started again and again, and shows what it has printed", async () => {
      await run(`console.log("nothing to do")`, "Restart=always\nRestartSec=100ms\n");
      await systemd.waitUntil(
        async () => Number(await systemd.show("shop.service", "NRestarts")) >= 5,
        "it was restarted five times",
      );
      const { message, evidence } = (await ask(systemd, "shop")).finding("restart-loop");
      expect(message).toMatch(
        /^shop\.service was started \d+ times in \d+ s\. It (?:ended without an error|exited with 0)\.$/,
      );
      expect(evidence.at(-1)!.text).toBe("nothing to do");
    });

    it("finds nothing once the error is corrected and the app keeps running", async () => {
      await run(
        `import { existsSync } from "node:fs";
        import { createServer } from "node:http";
        if (!existsSync("/run/corrected")) process.exit();
        createServer((_, response) => response.end()).listen({ fd: 3 });`,
        "Restart=always\nRestartSec=100ms\n",
      );
      await systemd.waitUntil(
        async () => Number(await systemd.show("shop.service", "NRestarts")) >= 5,
        "it was restarted five times",
      );
      expect((await ask(systemd, "shop")).codes).toContain("restart-loop");
      await systemd.write("/run/corrected", "");
      await systemd.waitUntil(
        async () => !(await ask(systemd, "shop")).codes.includes("restart-loop"),
        "the doctor no longer finds the loop",
      );
      expect(await systemd.show("shop.service", "ActiveState")).toBe("active");
    });

    it("finds nothing in one that was restarted several times", async () => {
      await run(
        onPort(3000, 'process.on("SIGTERM", () => process.exit());'),
        "Restart=always\nRestartPreventExitStatus=42\nSuccessExitStatus=42\n",
      );
      for (let times = 0; times < 5; times += 1) {
        await printed(/listening/);
        before = (await systemd.journal("shop.service")).length;
        await systemd.restart("shop.service");
      }
      const { codes } = await ask(systemd, "shop");
      expect(codes).not.toContain("idle-spin");
      expect(codes).not.toContain("restart-loop");
    });

    it("finds one that falls asleep before it accepts", async () => {
      await run(
        "process.exit(42)",
        "Restart=always\nRestartSec=1s\nRestartPreventExitStatus=42\nSuccessExitStatus=42\n",
      );
      connect();
      await systemd.waitUntil(
        async () =>
          (await systemd.journal("shop.service")).slice(before).filter((line) => line.startsWith("Started"))
            .length > 5,
        "it was started five times",
      );
      const answer = await ask(systemd, "shop");
      expect(answer.finding("idle-spin")).toMatchObject({
        severity: "warning",
        message: expect.stringMatching(
          /started \d+ times in the last minute\. It (?:exited with 42|ended without an error)\./,
        ),
      });
      expect(answer.codes).not.toContain("restart-loop");
    });
  });
});
