// The configurations of load balancers in docs/health-socket.md, with the programs themselves.
import { readFileSync } from "node:fs";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { emitUnits } from "../src/index.ts";

const config = (name: string): string => readFileSync(new URL(`balancers/${name}`, import.meta.url), "utf8");

describeWith(
  { privateSystemd: true, commands: ["haproxy", "nginx", "caddy", "ip"], tags: "campaign" },
  "two hosts whose app sleeps, behind a load balancer",
  () => {
    let systemd: PrivateSystemd;

    beforeAll(async () => {
      systemd = await bootPrivateSystemd();
      for (const [name, host] of [
        ["one", "10.0.0.11"],
        ["two", "10.0.0.12"],
      ] as const) {
        await systemd.mustRun(["ip", "address", "add", `${host}/32`, "dev", "lo"]);
        const answers = `require("http").createServer((_, response) => response.end("${name}")).listen({ fd: 3 })`;
        await systemd.installUnits(
          emitUnits({
            name,
            exec: [systemd.node, "--eval", answers],
            sockets: [{ listen: `${host}:8080` }],
            healthSocket: `${host}:8081`,
          }),
        );
      }
      await systemd.mustRun(["mkdir", "-p", "/var/lib/nginx"]);
      await systemd.write("/etc/balancer/haproxy.cfg", config("haproxy.cfg"));
      await systemd.write("/etc/balancer/Caddyfile", config("Caddyfile"));
      await systemd.write(
        "/etc/balancer/nginx.conf",
        `daemon off;\npid /run/nginx.pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n${config("nginx.conf")}\n}\n`,
      );
    });
    afterAll(() => systemd?.close());
    afterEach(async () => {
      await systemd.run(["systemctl", "stop", "balancer.service", "one.*", "two.*"]);
      await systemd.run(["systemctl", "reset-failed"]);
      await systemd.run(["rm", "-rf", "/var/lib/sockact"]);
    });

    /** Starts a load balancer, and both hosts. */
    async function start(command: string): Promise<void> {
      await systemd.start("one.socket", "two.socket");
      await systemd.installUnits(
        { "balancer.service": `[Service]\nExecStart=${command}\nEnvironment=HOME=/tmp\n` },
        { verify: false },
      );
      await systemd.start("balancer.service");
      await systemd.waitUntil(async () => (await ask()) !== undefined, "the balancer serves", 30_000);
    }

    /** Which host answers; undefined if none does. */
    const ask = (): Promise<string | undefined> =>
      systemd.request("http://127.0.0.1:80/").then(
        ({ status, body }) => (status === 200 ? body : undefined),
        () => undefined,
      );
    /** Who answers eight requests in a row. */
    async function answering(): Promise<string[]> {
      const seen = new Set<string | undefined>();
      for (let count = 0; count < 8; count += 1) seen.add(await ask());
      return [...seen].map(String).toSorted();
    }
    const untilAnswering = (hosts: string[]): Promise<void> =>
      systemd.waitUntil(
        async () => (await answering()).join() === hosts.join(),
        `${hosts.join(" and ")} answered`,
        40_000,
      );

    it.each([
      ["HAProxy", "/usr/sbin/haproxy -db -f /etc/balancer/haproxy.cfg"],
      ["Caddy", "/usr/bin/caddy run --config /etc/balancer/Caddyfile"],
    ])(
      "%s leaves out a host that is drained, or whose socket is closed, and takes it back",
      { timeout: 240_000 },
      async (_, command) => {
        await start(command);
        await untilAnswering(["one", "two"]);
        await systemd.write("/var/lib/sockact/drained/one", "");
        await untilAnswering(["two"]);
        await systemd.mustRun(["rm", "/var/lib/sockact/drained/one"]);
        await untilAnswering(["one", "two"]);
        await systemd.stop("two.socket", "two.service");
        await untilAnswering(["one"]);
        expect(await systemd.show("two-health.socket", "ActiveState")).toBe("inactive");
      },
    );

    it("HAProxy probes a host for a while, and the app does not start", { timeout: 60_000 }, async () => {
      const lastStart = await systemd.show("one.service", "InactiveExitTimestampMonotonic");
      await systemd.start("one.socket");
      const states = "frontend states\n  bind :8404\n  stats enable\n  stats uri /";
      await systemd.write("/etc/balancer/states.cfg", `${config("haproxy.cfg")}\n${states}\n`);
      await systemd.installUnits(
        { "balancer.service": "[Service]\nExecStart=/usr/sbin/haproxy -db -f /etc/balancer/states.cfg\n" },
        { verify: false },
      );
      await systemd.start("balancer.service");
      const stateOf = async (host: string): Promise<string | undefined> => {
        const { body } = await systemd.request("http://127.0.0.1:8404/;csv").catch(() => ({ body: "" }));
        return new RegExp(`^shop,${host},.*,(UP|DOWN)[ ,]`, "m").exec(body)?.[1];
      };
      // Once HAProxy has given up the other host, it has probed this one as often.
      await systemd.waitUntil(async () => (await stateOf("host2")) === "DOWN", "host2 is down", 30_000);
      expect(await stateOf("host1")).toBe("UP");
      expect(await systemd.show("one.service", "InactiveExitTimestampMonotonic")).toBe(lastStart);
    });

    it("nginx sends the request to the other host if a socket is closed", { timeout: 60_000 }, async () => {
      await start("/usr/sbin/nginx -c /etc/balancer/nginx.conf");
      await untilAnswering(["one", "two"]);
      await systemd.stop("two.socket", "two.service");
      expect(await answering()).toEqual(["one"]);
    });
  },
);
