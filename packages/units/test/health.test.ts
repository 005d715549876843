// The socket that answers probes without the app, in a real systemd.
import { once } from "node:events";
import { bootPrivateSystemd, connectInside, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { emitUnits, type AppDescription } from "../src/index.ts";

const probe = "http://127.0.0.1:8081/healthz";
const flag = "/var/lib/sockact/drained/shop";
const dropIns = "/run/systemd/system/shop-health@.service.d";

describeWith({ privateSystemd: true }, "the health socket of a service", () => {
  let systemd: PrivateSystemd;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    // On a busy machine, many probes at once, or a long one, are not answered within five seconds.
    await systemd.write(`${dropIns}/50-patient.conf`, "[Service]\nRuntimeMaxSec=170s\n");
  });
  afterAll(() => systemd?.close());
  afterEach(async () => {
    await systemd.run(["systemctl", "stop", "shop.*", "shop@*", "shop-*"]);
    await systemd.run(["systemctl", "reset-failed"]);
    await systemd.run(["rm", "-f", flag]);
  });

  /**
   * Installs the units, and starts the app's sockets, but not the health socket. What
   * `systemd-analyze verify` says of such units is in verify.test.ts.
   */
  async function start(more: Partial<AppDescription> = {}): Promise<void> {
    const units = emitUnits({
      name: "shop",
      exec: ["/bin/sleep", "infinity"],
      sockets: [{ listen: 8080 }],
      healthSocket: 8081,
      ...more,
    });
    await systemd.installUnits(units, { verify: false });
    const sockets = Object.keys(units).filter((unit) => unit.endsWith(".socket"));
    await systemd.start(...sockets.filter((unit) => unit !== "shop-health.socket"));
    await isOpen();
  }

  /** systemctl waits for the sockets that it is told to start, and not for the one that they want. */
  const isOpen = (): Promise<void> => systemd.waitForUnit("shop-health.socket", "ActiveState", "active");

  /** The code of the error of a probe, or its status. */
  const outcome = (): Promise<unknown> =>
    systemd.request(probe).then(
      ({ status }) => status,
      (error: { code?: string }) => error.code,
    );

  /** What the health socket answers to these bytes. */
  async function answer(request: string | Buffer): Promise<string> {
    const client = connectInside(systemd, "127.0.0.1:8081");
    let received = "";
    // A request that is refused is not read to the end, so the kernel resets the connection after the answer.
    client.on("data", (chunk) => (received += chunk.toString())).on("error", () => {});
    client.end(request);
    await new Promise((resolve) => client.once("close", resolve));
    return received;
  }

  const ready = [
    "HTTP/1.1 200 OK",
    "Content-Type: text/plain",
    "Content-Length: 5",
    "Cache-Control: no-store",
    "Connection: close",
    "",
    "",
  ].join("\r\n");
  const refused = /^HTTP\/1\.1 400 Bad Request\r\n.*\r\n\r\nbad request$/s;

  it("answers probes without starting the app, without a line in the journal, and leaves no unit behind", async () => {
    await start();
    // Only the first probe since the boot makes a slice.
    expect(await outcome()).toBe(200);
    const before = await systemd.mustRun(["journalctl", "--sync", "--quiet"]).then(lines);
    for (let count = 0; count < 20; count += 1)
      expect(await systemd.request(probe)).toMatchObject({ status: 200, body: "ready" });
    // One that sends nothing is cut off, which systemd counts as a failure. Here that takes no five seconds.
    const dropIn = `${dropIns}/60-impatient.conf`;
    await systemd.write(dropIn, "[Service]\nRuntimeMaxSec=100ms\n");
    await systemd.systemctl("daemon-reload");
    const silent = connectInside(systemd, "127.0.0.1:8081").on("error", () => {});
    silent.resume();
    await once(silent, "close");
    await systemd.mustRun(["rm", dropIn]);
    await systemd.waitUntil(async () => (await probes()) === "", "no unit of a probe is left");
    expect((await lines()).slice(before.length)).toEqual([]);
    expect(await systemd.show("shop.service", "ActiveState")).toBe("inactive");
    expect(await systemd.show("shop.service", "InactiveExitTimestampMonotonic")).toBe("0");
  });

  const lines = async (): Promise<string[]> => {
    await systemd.mustRun(["journalctl", "--sync"]);
    const text = await systemd.mustRun(["journalctl", "--no-pager", "--quiet", "--output=cat"]);
    return text.split("\n").filter((line) => /health|shop/.test(line));
  };
  const probes = (): Promise<string> =>
    systemd.mustRun(["systemctl", "list-units", "--all", "--plain", "--no-legend", "shop-health@*"]);

  it("answers as docs/health-socket.md shows it, and says drained while the file of sockact drain exists", async () => {
    await start();
    const shown = `${(await answer("GET /healthz HTTP/1.1\r\n\r\n")).replaceAll("\r\n", "\n")}\n`;
    await expect(shown).toMatchFileSnapshot("../../../docs/outputs/health-socket.txt");
    await systemd.write(flag, "");
    expect(await systemd.request(probe)).toMatchObject({ status: 503, body: "drained" });
    await systemd.mustRun(["rm", flag]);
    expect(await systemd.request(probe)).toMatchObject({ status: 200, body: "ready" });
  });

  it("answers GET and HEAD requests of every form, refuses others, and can reach and change next to nothing", async () => {
    await start();
    const requests: Record<string, [request: string | Buffer, answer: string | RegExp]> = {
      GET: ["GET /healthz HTTP/1.1\r\nHost: shop\r\n\r\n", `${ready}ready`],
      "GET of HTTP/1.0": ["GET / HTTP/1.0\r\n\r\n", `${ready}ready`],
      "GET with line feeds only": ["GET / HTTP/1.0\n\n", `${ready}ready`],
      "GET with a query": ["GET /healthz?from=lb HTTP/1.1\r\nHost: shop\r\n\r\n", `${ready}ready`],
      HEAD: ["HEAD /healthz HTTP/1.1\r\nHost: shop\r\n\r\n", ready],
      OPTIONS: ["OPTIONS / HTTP/1.0\r\n\r\n", `${ready}ready`],
      "a header of 1 MB": [`GET / HTTP/1.1\r\nX: ${"x".repeat(1_000_000)}\r\n\r\n`, `${ready}ready`],
      nothing: ["", ""],
      "half a line": ["GET /healthz", ""],
      POST: ["POST / HTTP/1.1\r\nHost: shop\r\n\r\n", refused],
      "HTTP/0.9": ["GET /\r\n\r\n", refused],
      "HTTP/2": ["PRI * HTTP/2.0\r\n\r\n", refused],
      "commands of a shell": ["$(id) `id` ;id HTTP/1.1\r\n\r\n", refused],
      bytes: [Buffer.from([1, 255, 254, 10, 10]), refused],
    };
    for (const [what, [request, expected]] of Object.entries(requests)) {
      const said = await answer(request);
      expect([what, said]).toEqual([what, expected === refused ? refused.exec(said)?.[0] : expected]);
    }
    const { stdout } = await systemd.run([
      "systemd-analyze",
      "security",
      "--no-pager",
      "shop-health@1.service",
    ]);
    expect(Number(/exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1])).toBeLessThan(2.5);
  });

  it(
    "answers 30 probes at once from each of 3 addresses",
    { tags: "campaign", timeout: 180_000 },
    async () => {
      await start();
      const script = `const { get } = require("node:http");
      for (let n = 0; n < 90; n++) get({ port: 8081, host: "127.0.0.1", localAddress: "127.0.0." + (1 + (n % 3)), timeout: 170_000 },
        (answer) => console.log(answer.statusCode)).on("error", console.log);`;
      const printed = await systemd.mustRun([systemd.node, "--eval", script], { timeout: 170_000 });
      expect(printed.trim().split("\n")).toEqual(Array(90).fill("200"));
      expect(await systemd.show("shop-health.socket", "ActiveState")).toBe("active");
    },
  );

  it(
    "answers others while one address holds all the connections that it may have",
    { tags: "campaign" },
    async () => {
      await start();
      const silent = `const { connect } = require("node:net");
      for (let n = 0; n < 300; n++) connect({ port: 8081, host: "127.0.0.1", localAddress: "127.0.0.2" }).on("error", () => {});
      setInterval(() => {}, 1000);`;
      const client = systemd.spawn([systemd.node, "--eval", silent]);
      await systemd.waitUntil(
        async () => (await systemd.show("shop-health.socket", "NRefused")) !== "0",
        "connections are refused",
      );
      expect((await systemd.request(probe)).status).toBe(200);
      expect(Number(await systemd.show("shop-health.socket", "NConnections"))).toBeLessThanOrEqual(33);
      client.kill();
      await once(client, "close");
    },
  );

  it("goes and comes with the app's socket, also at boot", async () => {
    await start();
    await systemd.restart("shop.socket");
    await isOpen();
    expect(await outcome()).toBe(200);
    await systemd.stop("shop.socket");
    expect(await outcome()).toBe("ECONNREFUSED");
    await systemd.start("shop.socket");
    await isOpen();
    expect(await outcome()).toBe(200);
    await systemd.stop("shop.socket");
    await systemd.systemctl("enable", "shop.service");
    expect(await systemd.show("shop-health.socket", "UnitFileState")).toBe("static");
    // As at boot. The target is active already, but starts what it wants.
    await systemd.start("sockets.target");
    await isOpen();
    expect(await outcome()).toBe(200);
    await systemd.systemctl("disable", "shop.service");
  });

  it("is closed when the app has failed too often, and open again once that is reset", async () => {
    await start({ exec: ["/bin/false"], restart: "no" });
    expect(await outcome()).toBe(200);
    const client = connectInside(systemd, "127.0.0.1:8080").on("error", () => {});
    await systemd.waitForUnit("shop.socket", "ActiveState", "failed");
    await systemd.waitForUnit("shop-health.socket", "ActiveState", "inactive");
    expect(await outcome()).toBe("ECONNREFUSED");
    client.destroy();
    await systemd.systemctl("reset-failed", "shop.socket", "shop.service");
    await systemd.start("shop.socket");
    await isOpen();
    expect(await outcome()).toBe(200);
  });

  it.each<[string, Partial<AppDescription>, string?]>([
    [
      "several sockets, of which each takes it along",
      {
        sockets: [
          { name: "web", listen: 8080 },
          { name: "admin", listen: 8082 },
        ],
      },
      "shop-admin.socket",
    ],
    ["a connection for each process", { sockets: [{ listen: 8080, accept: true }] }],
    ["a proxy", { bind: "proxy" }],
    ["a rolling pair", { rolling: true, openFile: false, type: "notify" }],
  ])("works with %s", async (_, more, socket = "shop.socket") => {
    await start(more);
    expect(await outcome()).toBe(200);
    await systemd.stop(socket);
    expect(await outcome()).toBe("ECONNREFUSED");
  });

  describe("of a user", () => {
    const asUser = "setpriv --reuid=1 --regid=1 --clear-groups env XDG_RUNTIME_DIR=/run/user/1".split(" ");

    it("reads the file in the user's own state folder", async () => {
      await systemd.mustRun(["mount", "-t", "tmpfs", "-o", "uid=1,mode=755", "tmpfs", "/home"]);
      await systemd.mustRun(["chmod", "755", "/sys/fs/cgroup"]);
      await systemd.mustRun(["sed", "-i", "s#^\\(daemon:x:1:1:[^:]*\\):[^:]*#\\1:/home#", "/etc/passwd"]);
      await systemd.start("user@1.service");
      const units = emitUnits({
        name: "shop",
        manager: "user",
        exec: ["/bin/sleep", "infinity"],
        sockets: [{ listen: 8080 }],
        healthSocket: 8081,
      });
      for (const [file, text] of Object.entries(units))
        await systemd.write(`/run/systemd/user/${file}`, text);
      await systemd.mustRun([...asUser, "systemctl", "--user", "daemon-reload"]);
      await systemd.mustRun([...asUser, "systemctl", "--user", "start", "shop.socket", "shop-health.socket"]);
      expect(await outcome()).toBe(200);
      await systemd.mustRun([...asUser, "mkdir", "-p", "/home/.local/state/sockact/drained"]);
      await systemd.mustRun([...asUser, "touch", "/home/.local/state/sockact/drained/shop"]);
      expect(await outcome()).toBe(503);
    });
  });
});
