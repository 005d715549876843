import { afterAll, beforeAll, expect, test } from "vitest";
import { bootPrivateSystemd, connectInside, describeWith, type PrivateSystemd } from "@sockact/testkit";

const UNAVAILABLE = "This site is not available at the moment. Please try again in a minute.\n";
const FAILS = `throw new Error("no database");\n`;
const WORKS = `require("node:http").createServer((request, response) => response.end("works")).listen(3000);\n`;
const FAILED = /SOCKACT_ERR_START_FAILED/;

describeWith({ privateSystemd: true }, "an app behind a proxy that fails at its start", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    await systemd.mustRun(["mkdir", "/run/apps"]);
  });
  afterAll(() => systemd?.close());

  interface Units {
    /** The name of the service, if it differs from that of the socket. */
    service?: string;
    listen?: string;
    lines?: string;
    variable?: string;
    /** Whether the app uses sockact itself. */
    isOwn?: boolean;
  }

  const write = (name: string, app: string) => systemd.write(`/run/apps/${name}.cjs`, app);

  /** A service as install writes it for host names. */
  async function install(name: string, app: string, units: Units = {}): Promise<void> {
    const { service = `${name}.service`, listen = `/run/${name}.sock`, lines = "" } = units;
    const { variable = "SOCKACT_TRUST_PROXY=yes", isOwn = false } = units;
    await write(name, app);
    const preload = isOwn ? "" : `--import=${systemd.project}/packages/register/dist/index.js`;
    await systemd.installUnits({
      [`${name}.socket`]: `[Socket]\nListenStream=${listen}\nService=${service}\n`,
      [service.replace(/@.*\./, "@.")]: `[Unit]
StartLimitIntervalSec=0
[Service]
Type=notify-reload
NotifyAccess=main
OpenFile=/run/systemd/notify:notify
ExecStart=${systemd.node} ${preload} /run/apps/${name}.cjs
Restart=always
RestartSec=1s
NonBlocking=true
Environment=${variable}
${lines}
`,
    });
    await systemd.start(`${name}.socket`);
  }

  const ask = (name: string) =>
    systemd.request({ url: "http://localhost/", socketPath: `/run/${name}.sock`, timeout: 60_000 });
  const askAll = (name: string) => Promise.all(Array.from({ length: 20 }, () => ask(name)));

  test("answers 20 waiting visitors with 503, and the next one gets the corrected app", async () => {
    await install("shop", FAILS);
    for (const answer of await askAll("shop"))
      expect(answer).toMatchObject({
        status: 503,
        body: UNAVAILABLE,
        headers: { connection: "close", "cache-control": "no-store", "retry-after": "60" },
      });
    const line = await systemd.waitForJournal("shop.service", FAILED);
    expect(line).toMatch(/exit status 1 before it listened\. .*: \d+\. systemd .* doctor of sockact\.$/);
    // Node prints it after that.
    await systemd.waitForJournal("shop.service", /^Error: no database/);
    await write("shop", WORKS);
    await systemd.systemctl("restart", "shop.service");
    expect(await ask("shop")).toMatchObject({ status: 200, body: "works" });
  });

  const core = () => `require("${systemd.project}/packages/core/dist/index.cjs")`;
  test.each<[string, () => string, Units?]>([
    ["exits", () => "process.exit(3);"],
    ["rejects", () => `Promise.reject(new Error("no database"));`],
    ["syntax", () => "let x = ;"],
    ["module", () => `import("missing");`],
    ["variable", () => WORKS, { lines: "Environment=SOCKACT_MAP=3000=unknown" }],
    ["option", () => `${core()}.listen(require("http").createServer(), { nonsense: 1 });`, { isOwn: true }],
    ["own", () => `${core()};\n${FAILS}`, { isOwn: true }],
    ["late", () => `setTimeout(() => process.exit(1), 2500);`],
    ["handled", () => `process.on("SIGTERM", () => {}); process.on("exit", () => {}); ${FAILS}`],
  ])("answers when it fails in another way: %s", { tags: "campaign" }, async (name, app, units) => {
    await install(name, app(), units);
    for (const answer of await askAll(name)) expect(answer).toMatchObject({ status: 503, body: UNAVAILABLE });
    await systemd.waitForJournal(`${name}.service`, FAILED);
    await systemd.stop(`${name}.socket`, `${name}.service`);
  });

  test("loads nothing of the app again", { tags: "campaign" }, async () => {
    await systemd.write("/run/apps/preload.cjs", `console.log("preloaded");\n`);
    await install("preloads", FAILS, { lines: "Environment=NODE_OPTIONS=--require=/run/apps/preload.cjs" });
    await ask("preloads");
    await systemd.waitForJournal("preloads.service", FAILED);
    await systemd.stop("preloads.socket", "preloads.service");
    const lines = await systemd.journal("preloads.service", "service");
    const count = (text: RegExp) => lines.filter((line) => text.test(line)).length;
    expect(count(/^preloaded/)).toBe(count(FAILED));
  });

  test("a client that sends nothing does not keep it", { tags: "campaign" }, async () => {
    await install("silent", FAILS);
    await using silent = connectInside(systemd, "/run/silent.sock");
    silent.on("error", () => {});
    expect(await ask("silent")).toMatchObject({ status: 503 });
    await systemd.waitForJournal("silent.service", /^Error: no database/);
    await write("silent", WORKS);
    expect(await ask("silent")).toMatchObject({ status: 200 });
    await systemd.stop("silent.socket", "silent.service");
  });

  test.each([
    ["sleeper", FAILS],
    ["sets-status", `process.on("exit", () => { process.exitCode = 1; }); ${FAILS}`],
    ["exits-again", `process.on("exit", (code) => process.exit(code)); ${FAILS}`],
  ])("does not start again while nobody comes, if it sleeps: %s", { tags: "campaign" }, async (name, app) => {
    const service = `${name}.service`;
    const lines = `Environment=SOCKACT_IDLE_TIMEOUT=1min SOCKACT_IDLE_EXIT_STATUS=42
RestartPreventExitStatus=42 43
SuccessExitStatus=42`;
    await install(name, app, { lines });
    expect(await ask(name)).toMatchObject({ status: 503 });
    await systemd.waitForUnit(service, "ActiveState", "failed");
    expect(await systemd.show(service, "ExecMainStatus")).toBe("43");
    await systemd.waitForJournal(service, /status 503: 1\. The next request starts the app again/);
    expect(await ask(name)).toMatchObject({ status: 503 });
    await systemd.waitForUnit(service, "ActiveState", "failed");
    expect(await systemd.show(service, "NRestarts")).toBe("0");
    await write(name, WORKS);
    expect(await ask(name)).toMatchObject({ status: 200 });
  });

  test("a restart while it starts leaves its clients to the next process", { tags: "campaign" }, async () => {
    const starts = `process.on("SIGTERM", () => process.exit(1)); console.log("starts"); setInterval(() => {}, 1000);`;
    await install("restarted", starts);
    const waiting = askAll("restarted");
    await systemd.waitForJournal("restarted.service", /^starts/);
    await write("restarted", WORKS);
    await systemd.systemctl("restart", "restarted.service");
    for (const answer of await waiting) expect(answer).toMatchObject({ status: 200, body: "works" });
    await systemd.stop("restarted.socket", "restarted.service");
  });

  const inWorker = `const cluster = require("cluster");
if (cluster.isPrimary) cluster.fork().on("exit", () => process.exit(1));
else ${FAILS}`;
  test.each<[string, string, Units?]>([
    ["variable-missing", FAILS, { variable: "OTHER=yes" }],
    ["variable-no", FAILS, { variable: "SOCKACT_TRUST_PROXY=no" }],
    ["exit-0", "process.exit(0);"],
    ["instance", FAILS, { service: "instance@a.service" }],
    ["worker", inWorker],
    ["listened", WORKS.replace("3000", "3000, () => process.exit(1)")],
  ])(
    "lets its clients wait if another process may serve them: %s",
    { tags: "campaign" },
    async (name, app, units = {}) => {
      const { service = `${name}.service` } = units;
      await install(name, app, units);
      const waiting = askAll(name);
      await systemd.waitForJournal(service, /Scheduled restart job, restart counter is at 2/);
      await write(name, WORKS);
      for (const answer of await waiting) expect(answer).toMatchObject({ status: 200, body: "works" });
      expect((await systemd.journal(service)).filter((line) => FAILED.test(line))).toEqual([]);
      await systemd.stop(`${name}.socket`, service);
    },
  );

  test("a TCP socket has no proxy", { tags: "campaign" }, async () => {
    await install("tcp", FAILS, { listen: "127.0.0.1:8080" });
    const waiting = systemd.request({ url: "http://127.0.0.1:8080/", timeout: 60_000 });
    await systemd.waitForJournal("tcp.service", /Scheduled restart job, restart counter is at 2/);
    await write("tcp", WORKS);
    expect(await waiting).toMatchObject({ status: 200, body: "works" });
    await systemd.stop("tcp.socket", "tcp.service");
  });

  test("a new version that fails in a handover takes no request", { tags: "campaign" }, async () => {
    await install("handover", WORKS, { lines: "Environment=SOCKACT_HANDOVER=yes\nKillMode=mixed" });
    expect(await ask("handover")).toMatchObject({ status: 200 });
    await write("handover", FAILS);
    let isOver = false;
    const answers: object[] = [];
    const client = async () => {
      while (!isOver) answers.push(await ask("handover"));
    };
    const load = Promise.all([client(), client(), client()]);
    // It answers before systemd has read that it is ready, and only then it can be reloaded.
    await systemd.waitForUnit("handover.service", "ActiveState", "active");
    await systemd.systemctl("reload", "handover.service");
    await systemd.waitForJournal("handover.service", /the handover failed/);
    isOver = true;
    await load;
    for (const answer of answers) expect(answer).toMatchObject({ status: 200, body: "works" });
    expect((await systemd.journal("handover.service")).filter((line) => FAILED.test(line))).toEqual([]);
    await systemd.stop("handover.socket", "handover.service");
  });
});
