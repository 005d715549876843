import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emitUnits, type AppDescription, type SocketDescription } from "../src/index.ts";
import { gitea } from "./gitea.ts";

/**
 * An ordinary app, without sockact. Every user may connect to a unix socket that it creates. It fails its first
 * start if an argument asks for that.
 */
const app = `
const { existsSync, readFileSync, writeFileSync } = require("node:fs");
const { createServer } = require("node:http");
const net = require("node:net");
const { env } = process;
process.umask(0);
if (env.FIRST_START && !existsSync(env.FIRST_START)) {
  writeFileSync(env.FIRST_START, "");
  process.exit(1);
}
const attempt = (socket, event) => new Promise((resolve) => {
  socket.on("error", ({ code }) => resolve(code)).on(event, () => { resolve("done"); (socket.end ?? socket.close).call(socket); });
});
const server = createServer(async (request, response) => {
  if (request.url === "/crash") process.exit(1);
  if (request.url === "/exit") process.exit(0);
  if (request.url === "/together") {
    server.waiting = [...(server.waiting ?? []), response];
    if (server.waiting.length === 300) for (const one of server.waiting) one.end("together");
    return;
  }
  response.end(JSON.stringify({
    uid: process.getuid(),
    capabilities: /CapEff:\\s*(\\w+)/.exec(readFileSync("/proc/self/status", "utf8"))[1],
    connects: await attempt(net.connect(9, "127.0.0.1"), "connect"),
    variables: [env.PORT, env.HOST],
  }));
});
server.listen(env.PORT, env.HOST);`;

/**
 * Stands for Gitea: like Gitea, it uses a passed socket, listens on port 80 itself if there is none, and
 * answers what it has accepted before it ends.
 */
const standIn = `#!/run/sockact/node
const { createServer } = require("node:http");
const isPassed = process.env.LISTEN_PID === String(process.pid);
const server = createServer((request, response) => response.end(String(process.getuid())));
server.listen(isPassed ? { fd: 3 } : 80);
process.once("SIGTERM", () => server.close());
`;

interface Answer {
  uid: number;
  capabilities: string;
  connects: string;
  variables: [string | undefined, string | undefined];
}

const netBindService = "0000000000000400";
const program = "/srv/shop/server.js";

describeWith(
  { privateSystemd: true, systemd: 249, commands: ["ss"] },
  "port 80, served as a user that is not root,",
  () => {
    let systemd: PrivateSystemd;

    beforeAll(async () => {
      systemd = await bootPrivateSystemd();
      await systemd.mustRun(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/srv"]);
      await systemd.write(program, app);
      await systemd.mustRun(["mkdir", "--mode=777", "/srv/started"]);
    });
    afterAll(() => systemd?.close());

    /**
     * Installs the units of an app on port 80. What `systemd-analyze verify` says of such units is in
     * verify.test.ts.
     */
    async function install(description: Partial<AppDescription>): Promise<string[]> {
      const units = emitUnits({
        name: "shop",
        exec: [systemd.node, program],
        sockets: [{ listen: 80 }],
        ...description,
      });
      await systemd.installUnits(units, { verify: false });
      return Object.keys(units);
    }

    async function ask(path = ""): Promise<Answer> {
      return JSON.parse((await systemd.request(`http://127.0.0.1/${path}`)).body) as Answer;
    }

    const states = (...units: string[]) =>
      Promise.all(units.map((unit) => systemd.show(unit, "ActiveState")));

    describe("by a socket that systemd passes", () => {
      it("needs an app that can be passed one", async () => {
        const passed = app.replace("listen(env.PORT, env.HOST)", "listen({ fd: 3 })");
        await systemd.write("/srv/shop/passed.js", passed);
        await install({ exec: [systemd.node, "/srv/shop/passed.js"], hardening: "inbound" });
        await systemd.start("shop.socket");
        const answer = await ask();
        expect(answer).toMatchObject({ capabilities: "0000000000000000", connects: "EAFNOSUPPORT" });
        expect(answer.uid).toBeGreaterThan(60_000);
        await systemd.stop("shop.socket", "shop.service");
      });
    });

    describe("by a capability", () => {
      it.each([
        ["inbound", 80, "EPERM", [null, null]],
        ["outbound", "127.0.0.1:80", "ECONNREFUSED", ["80", "127.0.0.1"]],
        ["none", "[::1]:80", "ECONNREFUSED", ["80", "::1"]],
      ] as const)("in the sandbox %s", async (hardening, listen, connects, [port, host]) => {
        const units = await install({
          bind: "capability",
          name: hardening,
          hardening,
          sockets: [{ listen }],
        });
        expect(units).toEqual([`${hardening}.service`]);
        await systemd.systemctl("enable", `${hardening}.service`);
        expect(await systemd.show("multi-user.target", "Wants")).toContain(`${hardening}.service`);
        await systemd.start(`${hardening}.service`);
        const listens = async () => (await systemd.run(["ss", "-Hltn", "sport = :80"])).stdout !== "";
        await systemd.waitUntil(listens, "it listens");
        const { body } = await systemd.request(`http://${host === "::1" ? "[::1]" : "127.0.0.1"}/`);
        const answer = JSON.parse(body) as Answer;
        expect(answer).toMatchObject({ capabilities: netBindService, connects });
        expect(answer.variables).toEqual([port ?? "80", host]);
        expect(answer.uid).toBeGreaterThan(60_000);
        await systemd.stop(`${hardening}.service`);
      });

      it("names the ports that it is for", async () => {
        await install({
          bind: "capability",
          name: "ports",
          hardening: "inbound",
          sockets: [
            { name: "web", listen: [80, "127.0.0.1:81", "[::1]:82"] },
            { name: "dns", listenDatagram: 53 },
          ],
        });
        // So systemd 257 shows what it has read.
        const allowed = (await systemd.show("ports.service", "SocketBindAllow")).split("\n");
        expect(new Set(allowed)).toEqual(new Set(["tcp80", "ipv4:tcp81", "ipv6:tcp82", "udp53"]));
        expect(await systemd.show("ports.service", "SocketBindDeny")).toBe("any");
        expect(await systemd.show("ports.service", "CapabilityBoundingSet")).toBe("cap_net_bind_service");
      });
    });

    const units = ["shop.socket", "shop@proxy.service", "shop.service"];
    const awake = ["active", "active", "active"];
    const asleep = ["active", "inactive", "inactive"];

    describe.each([
      ["a unix socket", "/run/shop/app.sock", "inbound", "EAFNOSUPPORT"],
      ["a port that no other process reaches", undefined, "inbound", "ECONNREFUSED"],
      ["a port of the host", "[::1]:3000", "outbound", "ECONNREFUSED"],
    ] as const)("by a proxy before %s", (_, backend, hardening, connects) => {
      beforeAll(async () => {
        await install({
          bind: "proxy",
          ...(backend === undefined ? {} : { backend }),
          hardening,
          idleTimeout: "300ms",
          restartSec: "100ms",
          acknowledge: ["restart-fast"],
          environment: { FIRST_START: `/srv/started/${hardening}${backend?.length}` },
          readWritePaths: ["/srv/started"],
          supplementaryGroups: ["daemon"],
        });
        await systemd.start("shop.socket");
      });
      afterAll(() => systemd.stop(...units));

      it("the first connection waits for the app, even if its first start fails; and so it does whenever both have slept", async () => {
        for (const round of ["first", "second"]) {
          const answer = await ask(round);
          expect(answer).toMatchObject({ capabilities: "0000000000000000", connects });
          expect(answer.uid).toBeGreaterThan(60_000);
          await systemd.waitForUnit("shop.service", "ActiveState", "inactive");
          expect(await states(...units)).toEqual(asleep);
        }
        expect((await systemd.journal("shop.service", "manager")).join("\n")).toMatch(/status=1\/FAILURE/);
      });

      it("no other process reaches the backend, unless it is a port of the host", async () => {
        // Never answered, this keeps them awake; the stop afterwards ends it.
        systemd.request("http://127.0.0.1/together").catch(() => {});
        const { uid } = await ask();
        expect(await states(...units)).toEqual(awake);
        expect(await systemd.show("shop@proxy.service", "UID")).toBe(String(uid));
        const [port, host] = [
          backend?.startsWith("/") ? backend : "3000",
          backend?.startsWith("[") ? "::1" : "127.0.0.1",
        ];
        const script = `require("node:net").connect(process.argv[1], process.argv[2]).on("error", ({ code }) => console.log(code))
        .on("connect", function () { console.log("connected"); this.end(); })`;
        const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
        const seen = await systemd.mustRun([...nobody, systemd.node, "--eval", script, port, host]);
        const outcome = { inbound: backend === undefined ? "ECONNREFUSED" : "EACCES", outbound: "connected" };
        expect(seen.trim()).toBe(outcome[hardening]);
      });
    });

    describe("by a proxy", () => {
      beforeAll(async () => {
        await install({ bind: "proxy", hardening: "inbound" });
        await systemd.start("shop.socket");
      });
      afterAll(() => systemd.stop(...units));

      it.each(["crash", "exit"])("the next connection is answered when the app ends: %s", async (end) => {
        await ask();
        await expect(ask(end)).rejects.toThrow(/GET/);
        await systemd.waitForUnit("shop@proxy.service", "ActiveState", "inactive");
        expect((await ask()).uid).toBeGreaterThan(60_000);
      });

      it("the service is started and stopped by hand as any other", async () => {
        await systemd.stop("shop.service");
        expect(await states(...units)).toEqual(asleep);
        await systemd.start("shop.service");
        // It starts after the app, and systemctl waits only for the app.
        await systemd.waitForUnit("shop@proxy.service", "ActiveState", "active");
        expect(await states(...units)).toEqual(awake);
      });

      it("300 connections are open at a time", async () => {
        const answers = Array.from({ length: 300 }, () => systemd.request("http://127.0.0.1/together"));
        expect(new Set((await Promise.all(answers)).map(({ body }) => body))).toEqual(new Set(["together"]));
      });
    });

    describeWith({ systemd: 253 }, "by a descriptor of OpenFile=,", () => {
      it("by a proxy, an app that says itself when it is ready is believed", async () => {
        const told = app.replace(
          "env.PORT, env.HOST)",
          `env.PORT, env.HOST, () => require("node:fs").writeSync(3, "READY=1"))`,
        );
        await systemd.write("/srv/shop/told.js", told);
        await install({
          bind: "proxy",
          name: "told",
          type: "notify",
          hardening: "inbound",
          exec: [systemd.node, "/srv/shop/told.js"],
          wantedBy: ["multi-user.target"],
        });
        await systemd.start("told.service");
        expect(await ask()).toMatchObject({ variables: ["3000", "127.0.0.1"] });
        await systemd.stop("told.socket");
        await systemd.waitForUnit("told.service", "ActiveState", "inactive");
        expect(await states("told.socket", "told@proxy.service", "told.service")).toEqual(
          Array(3).fill("inactive"),
        );
      });
    });

    describe("Gitea's units, with a program in its place,", () => {
      beforeAll(async () => {
        await systemd.mustRun([
          "sh",
          "-ec",
          "mount -t tmpfs -o mode=755 tmpfs /home; useradd --uid 1600 git",
        ]);
        await systemd.write(gitea.exec![0] as string, standIn, 0o755);
      });

      it("without its socket, the service may not listen on port 80", async () => {
        const { "gitea.service": service } = emitUnits(gitea);
        const alone = service!.replace(/^(?:Requires|After|Also)=gitea\.socket\n/gm, "");
        await systemd.installUnits({ "gitea.service": alone }, { verify: false });
        await systemd.start("gitea.service");
        const message = await systemd.waitForJournal("gitea.service", /permission denied/);
        expect(message).toContain("listen EACCES: permission denied");
        await systemd.stop("gitea.service");
      });

      it("with its socket, it answers on port 80 as the user git, and keeps the port over a restart", async () => {
        await systemd.installUnits(emitUnits(gitea), { verify: false });
        await systemd.start("gitea.socket");
        expect((await systemd.request("http://localhost/")).body).toBe("1600");
        const restarted = systemd.restart("gitea.service");
        expect((await systemd.request("http://localhost/")).body).toBe("1600");
        await restarted;
        await systemd.stop("gitea.socket", "gitea.service");
      });
    });

    describeWith({ commands: ["ip"] }, "an address that no interface has yet", () => {
      const answer = `require("node:http").createServer((_, response) => response.end("served")).listen({ fd: 3 })`;

      const installOne = (name: string, socket: SocketDescription) =>
        systemd.installUnits(
          emitUnits({ name, exec: [systemd.node, "--eval", answer], hardening: "none", sockets: [socket] }),
        );

      it.each([
        ["early4", "10.11.12.13:80", "10.11.12.13/32"],
        ["early6", "[2001:db8::5]:80", "2001:db8::5/128"],
      ])("is listened on, and served once an interface has it: %s", async (name, listen, address) => {
        await installOne(name, { listen });
        await systemd.start(`${name}.socket`);
        expect(await systemd.show(`${name}.socket`, "ActiveState")).toBe("active");
        await systemd.mustRun(["ip", "address", "add", address, "dev", "lo"]);
        expect((await systemd.request(`http://${listen}/`)).body).toBe("served");
      });

      it("is not listened on if the description says so", async () => {
        await installOne("late", { listen: "10.11.12.14:80", freeBind: false });
        await expect(systemd.start("late.socket")).rejects.toThrow("late.socket");
        expect(await systemd.show("late.socket", "ActiveState")).toBe("failed");
      });
    });
  },
);
