import { afterAll, beforeAll, expect, test } from "vitest";
import { bootPrivateSystemd, describeWith, type PrivateSystemd, SANDBOX } from "@sockact/testkit";
import { HandoverService, insidePath } from "./reloaded-service.ts";

const OPEN = "OpenFile=/run/systemd/journal/socket:journal:graceful\n";
const NOTIFY = `Type=notify-reload\nOpenFile=/run/systemd/notify:notify\n${OPEN}`;

type Fields = Record<string, string>;

describeWith({ privateSystemd: true, systemd: 253 }, "records in the journal", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());

  /** The records of a unit. */
  const recordsOf = async (unit: string): Promise<Fields[]> => {
    const script = 'journalctl --sync; exec journalctl --output=json --unit="$1"';
    const lines = await systemd.mustRun(["sh", "-ec", script, "sh", unit]);
    return lines
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Fields)
      .filter(({ SOCKACT_EVENT }) => SOCKACT_EVENT !== undefined);
  };
  const typesOf = (records: readonly Fields[]): string[] =>
    records.map(({ SOCKACT_EVENT }) => SOCKACT_EVENT!);
  const program = (name: string): string =>
    `ExecStart=${systemd.node} ${insidePath(systemd, `programs/${name}`)}\n`;

  test("in the tightest sandbox, each event has a record without a message, and systemd adds its unit", async () => {
    await systemd.installUnits({
      "app.socket": "[Socket]\nListenStream=80\n",
      "app.service": `[Service]\n${program("listen.mjs")}${NOTIFY}${SANDBOX}\nNonBlocking=true\n`,
    });
    await systemd.start("app.socket", "app.service");
    await systemd.systemctl("reload", "app.service");
    await systemd.stop("app.service", "app.socket");
    const records = await recordsOf("app.service");
    expect(typesOf(records)).toEqual(["listening", "ready", "reloading", "reloaded", "draining", "drained"]);
    for (const record of records) {
      expect(record).toMatchObject({ _SYSTEMD_UNIT: "app.service", _TRANSPORT: "journal", PRIORITY: "6" });
      expect(record).not.toHaveProperty("MESSAGE");
    }
    const [, , , reloaded, draining, drained] = records as [Fields, Fields, Fields, Fields, Fields, Fields];
    expect(reloaded).toMatchObject({
      SOCKACT_RESULT: "success",
      SOCKACT_DURATION_USEC: expect.stringMatching(/^\d+$/),
    });
    expect(draining).toMatchObject({ SOCKACT_CONNECTIONS: "0" });
    expect(drained).toMatchObject({ SOCKACT_CONNECTIONS_CUT: "0" });
    expect(await systemd.journal("app.service", "service")).toContain("sockact: drained");
  });

  test("a handover passes the descriptor on, and counts the connections that have moved", async () => {
    await using service = await HandoverService.start(systemd, { name: "moved" });
    const idle = await service.idle();
    const before = await service.pid();
    const pid = await service.reload();
    await service.untilGone(before);
    const records = await recordsOf(service.unit);
    const byPid = (of: number): Fields[] => records.filter(({ _PID }) => _PID === String(of));
    expect(byPid(before).find(({ SOCKACT_EVENT }) => SOCKACT_EVENT === "handover")).toMatchObject({
      SOCKACT_RESULT: "success",
      SOCKACT_DURATION_USEC: expect.stringMatching(/^\d+$/),
    });
    expect(byPid(before).at(-1)).toMatchObject({ SOCKACT_EVENT: "drained", SOCKACT_CONNECTIONS_MOVED: "1" });
    expect(typesOf(byPid(pid))).toEqual(["listening", "ready"]);
    await idle[Symbol.asyncDispose]();
  });

  test("without journald, the app starts and serves", async () => {
    await systemd.installUnits({
      "none.socket": "[Socket]\nListenStream=81\n",
      "none.service": `[Service]\n${program("listen.mjs")}Type=notify\nOpenFile=/run/systemd/notify:notify\nOpenFile=/run/missing:journal:graceful\n`,
    });
    await systemd.start("none.socket", "none.service");
    expect(await systemd.request("http://localhost:81/")).toMatchObject({ status: 200 });
    expect(await recordsOf("none.service")).toEqual([]);
  });

  test("a journald that hangs does not stop recordMetrics()", async () => {
    const journald = await systemd.show("systemd-journald.service", "MainPID");
    const lines = `Type=oneshot\nTimeoutStartSec=10\nExecStopPost=/bin/kill -CONT ${journald}\n`;
    await systemd.installUnits({
      "hangs.service": `[Service]\n${program("hanging-journald.mjs").trim()} ${journald}\n${lines}${OPEN}`,
    });
    await systemd.start("hangs.service");
    expect(await systemd.show("hangs.service", "Result")).toBe("success");
  });

  test("a descriptor named journal that leads elsewhere gets no byte", async () => {
    await systemd.mustRun(["sh", "-c", "echo mine >/run/journal.txt"]);
    await systemd.installUnits({
      "file.socket": "[Socket]\nListenStream=82\n",
      "file.service": `[Service]\n${program("listen.mjs")}Type=notify\nOpenFile=/run/systemd/notify:notify\nOpenFile=/run/journal.txt:journal:append\n`,
    });
    await systemd.start("file.socket", "file.service");
    expect(await systemd.request("http://localhost:82/")).toMatchObject({ status: 200 });
    await systemd.stop("file.service");
    expect(await systemd.mustRun(["cat", "/run/journal.txt"])).toBe("mine\n");
  });

  /** A service on a port whose program has this text. */
  const startText = async (name: string, port: number, text: string): Promise<void> => {
    const core = JSON.stringify(insidePath(systemd, "../dist/index.js"));
    const head = `import { createServer } from "node:http";\nimport { listen, recordMetrics } from ${core};\n`;
    await systemd.write(`/run/${name}.mjs`, head + text);
    await systemd.installUnits({
      [`${name}.socket`]: `[Socket]\nListenStream=${port}\n`,
      [`${name}.service`]: `[Service]\nExecStart=${systemd.node} /run/${name}.mjs\n${NOTIFY}`,
    });
    await systemd.start(`${name}.socket`, `${name}.service`);
  };

  test("a journald that reads nothing delays no request and no stop, and gets records afterwards", async () => {
    await startText(
      "full",
      83,
      `const server = createServer((request, response) => {
  let sent = 0;
  while (sent < 10_000 && recordMetrics(\`sent \${sent}\n\`)) sent++;
  response.end(String(sent));
});
await listen(server);
`,
    );
    const sent = async (): Promise<number> => Number((await systemd.request("http://localhost:83/")).body);
    await systemd.systemctl("kill", "--signal=STOP", "systemd-journald.service");
    expect(await sent()).toBeLessThan(10_000);
    expect(await sent()).toBe(0);
    await systemd.stop("full.service");
    await systemd.systemctl("kill", "--signal=CONT", "systemd-journald.service");
    await systemd.mustRun(["journalctl", "--sync"]);
    expect(await sent()).toBeGreaterThan(0);
    const metrics = (await recordsOf("full.service")).filter(
      ({ SOCKACT_EVENT }) => SOCKACT_EVENT === "metrics",
    );
    expect(metrics.at(-1)).toMatchObject({
      _PID: await systemd.show("full.service", "MainPID"),
      SOCKACT_METRICS: expect.stringMatching(/^sent \d+\n$/),
    });
  });

  test.each([0, 1])("all rejected connections are counted, with %i workers of a cluster", async (workers) => {
    const name = `rejects${workers}`;
    await systemd.installUnits({
      [`${name}.socket`]: `[Socket]\nListenStream=${84 + workers}\nFileDescriptorName=web\n`,
      [`${name}.service`]: `[Service]
${program("proxy-protocol.mjs")}Environment=WORKERS=${workers} 'LISTEN_OPTIONS={"sockets":{"web":{"proxyProtocol":true}}}'
${NOTIFY}`,
    });
    await systemd.start(`${name}.socket`, `${name}.service`);
    for (let count = 0; count < 5; count++)
      await expect(systemd.request(`http://localhost:${84 + workers}/`)).rejects.toThrow(
        /ECONNRESET|hang up/,
      );
    await systemd.stop(`${name}.service`, `${name}.socket`);
    const records = await recordsOf(`${name}.service`);
    const rejected = records.filter(({ SOCKACT_EVENT }) => SOCKACT_EVENT === "rejected");
    const counts = rejected.map((record) => Number(record["SOCKACT_CONNECTIONS_REJECTED"]));
    expect(counts.reduce((sum, each) => sum + each, 0)).toBe(5);
    expect(rejected[0]).toMatchObject({
      PRIORITY: "4",
      SOCKACT_CODE: expect.stringMatching(/^SOCKACT_ERR_PROXY/),
    });
    const drained = records.filter(({ SOCKACT_EVENT }) => SOCKACT_EVENT === "drained");
    // The primary has drained, too.
    expect(drained.map(({ SOCKACT_WORKER }) => SOCKACT_WORKER)).toEqual(
      workers === 0 ? [undefined] : ["1", undefined],
    );
  });

  test("health, a warning and a fatal error have records", async () => {
    await startText(
      "sick",
      87,
      `const server = createServer(() => listen(createServer(), { name: "none" }));
await listen(server, {
  health: "/healthz",
  healthCheck: () => false,
  onReload: () => new Promise(() => {}),
});
`,
    );
    expect(await systemd.request("http://localhost:87/healthz")).toMatchObject({ status: 503 });
    for (const shown of [/sockact: reloading/, /SOCKACT_WARN_RELOADING/]) {
      await systemd.systemctl("kill", "--signal=HUP", "sick.service");
      await systemd.waitForJournal("sick.service", shown);
    }
    await expect(systemd.request("http://localhost:87/")).rejects.toThrow(/ECONNRESET|hang up/);
    const records = await recordsOf("sick.service");
    expect(typesOf(records)).toEqual(["listening", "ready", "health", "reloading", "warning", "fatal"]);
    const [, , health, , warning, fatal] = records;
    expect(health).toMatchObject({ SOCKACT_STATE: "unhealthy" });
    expect(warning).toMatchObject({ PRIORITY: "4", SOCKACT_CODE: "SOCKACT_WARN_RELOADING" });
    expect(fatal).toMatchObject({ PRIORITY: "3", SOCKACT_CODE: "SOCKACT_ERR_NAME_UNKNOWN" });
  });
});
