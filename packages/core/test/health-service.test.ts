import { once } from "node:events";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  bootPrivateSystemd,
  connectInside,
  describeWith,
  type PrivateSystemd,
  SANDBOX,
} from "@sockact/testkit";
// By its path, because @sockact/units has the testkit as a dependency.
import { emitUnits } from "../../units/src/index.ts";
import { RawClient } from "./lifecycle-app.ts";
import { HandoverService, insidePath } from "./reloaded-service.ts";

const FOLDER = "/var/lib/sockact/drained";

describeWith({ privateSystemd: true, systemd: 253 }, "the option health, under a service manager", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());

  const probe = async (port = 80): Promise<string> => {
    const { status, body } = await systemd.request(`http://localhost:${port}/healthz`);
    expect(status).toBe(body === "ready" ? 200 : 503);
    return body;
  };
  const untilState = (state: string, port?: number): Promise<void> =>
    systemd.waitUntil(async () => (await probe(port)) === state, `it is ${state}`);

  test("in the tightest sandbox, it is drained while the file of the service exists, and no probe is in the journal", async () => {
    const exec = [systemd.node, insidePath(systemd, "programs/listen.mjs")];
    const hardening = "inbound";
    const health = "/healthz";
    await systemd.installUnits(
      emitUnits({ name: "app", exec, sockets: [{ listen: 80 }], type: "notify", hardening, health }),
    );
    await systemd.write("/run/systemd/system/app.service.d/sandbox.conf", `[Service]\n${SANDBOX}\n`);
    await systemd.systemctl("daemon-reload");
    await systemd.start("app.socket", "app.service");
    await untilState("ready");
    const before = await systemd.journal("app.service");
    await systemd.mustRun(["install", "-d", "-m", "755", FOLDER]);
    await systemd.write(`${FOLDER}/app`, "");
    await untilState("drained");
    // A request of a client is still answered, and its connection is kept.
    expect(await systemd.request("http://localhost/")).toMatchObject({ status: 200 });
    // The file says so also to the next process.
    await systemd.restart("app.service");
    expect(await probe()).toBe("drained");
    await systemd.mustRun(["rm", `${FOLDER}/app`]);
    await untilState("ready");
    const lines = (await systemd.journal("app.service")).slice(before.length);
    expect(lines.join("\n")).not.toMatch(/health|GET/);
    // Only a change of the answer is a line. The second process is drained from its first probe on.
    expect(
      lines.filter((line) => line.includes("probes get")).map((line) => /probes get \d+/.exec(line)![0]),
    ).toEqual(["probes get 503", "probes get 503", "probes get 200"]);
    await systemd.stop("app.socket", "app.service");
  });

  test("an unhealthy service says so while it is drained", async () => {
    const core = insidePath(systemd, "../dist/index.js");
    await systemd.write(
      "/run/sick.mjs",
      `import { createServer } from "node:http";
import { listen } from ${JSON.stringify(core)};
await listen(createServer(), { port: 3000, health: "/healthz", healthCheck: () => false });
`,
    );
    await systemd.installUnits(
      emitUnits({ name: "sick", exec: [systemd.node, "/run/sick.mjs"], sockets: [{ listen: 83 }] }),
    );
    await systemd.start("sick.socket");
    await untilState("unhealthy", 83);
    await systemd.mustRun(["install", "-d", "-m", "755", FOLDER]);
    await systemd.write(`${FOLDER}/sick`, "");
    await systemd.restart("sick.service");
    expect(await probe(83)).toBe("unhealthy");
    await systemd.stop("sick.socket", "sick.service");
  });

  test("the instances of a template share one file", async () => {
    const exec = `${systemd.node} ${insidePath(systemd, "programs/listen.mjs")}`;
    await systemd.installUnits({
      ...Object.fromEntries(
        ["81", "82"].map((port) => [`shop@${port}.socket`, `[Socket]\nListenStream=${port}\n`]),
      ),
      "shop@.service": `[Service]\nType=notify\nOpenFile=/run/systemd/notify:notify\nExecStart=${exec}\nEnvironment=SOCKACT_HEALTH=/healthz\nDynamicUser=yes\n`,
    });
    await systemd.start("shop@81.socket", "shop@82.socket");
    for (const port of [81, 82]) await untilState("ready", port);
    await systemd.mustRun(["install", "-d", "-m", "755", FOLDER]);
    await systemd.write(`${FOLDER}/shop`, "");
    for (const port of [81, 82]) await untilState("drained", port);
    expect(await systemd.request("http://localhost:81/")).toMatchObject({ status: 200 });
    await systemd.stop("shop@81.socket", "shop@82.socket", "shop@81.service", "shop@82.service");
  });

  test("during a handover, the old process answers 200 on its last connections, and ends them", async () => {
    await using service = await HandoverService.start(systemd, {
      servers: [{ kind: "https", options: { health: "/healthz" } }],
    });
    const socket = connectTls({ socket: connectInside(systemd, "127.0.0.1:80"), rejectUnauthorized: false });
    await using balancer = new RawClient(socket);
    await once(socket, "secureConnect");
    balancer.get("/healthz");
    expect(await balancer.receives(/ready$/)).toContain("Connection: keep-alive");
    const old = await service.pid();
    expect(await service.reload()).not.toBe(old);
    balancer.get("/healthz");
    expect(await balancer.receives(/ready$/)).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*Connection: close/);
    expect(await balancer.closed).toBe("end");
    await service.untilGone(old);
  });
});
