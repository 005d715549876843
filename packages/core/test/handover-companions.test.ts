import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeWith } from "@sockact/testkit";
import { good, VersionedService } from "./versioned-service.ts";

const CLOSE_WITH_GRACE = `const { default: closeWithGrace } = await import("PROJECT/node_modules/close-with-grace/index.js");
closeWithGrace({ delay: 2000 }, async ({ signal }) => console.log("the app closes at", signal));`;

/**
 * NestJS as docs/frameworks/nestjs.md shows it. Its second socket is served by another app in the same
 * process.
 */
const nest = (version: string): string => `import { createRequire } from "node:module";
import { systemdListen } from "PROJECT/packages/express/dist/index.js";
const require = createRequire("PROJECT/examples/nestjs/");
require("reflect-metadata");
const { Module } = require("@nestjs/common");
let isOpen = true;
class AppModule {
  onModuleDestroy() {
    isOpen = false;
    console.log("the app closes at SIGTERM");
  }
}
Module({})(AppModule);
const app = await require("@nestjs/core").NestFactory.create(AppModule, { logger: false });
app.use(systemdListen({ name: "http" }));
app.use(({ url }, response) => response.end(isOpen ? \`\${url.slice(2)} \${process.pid} ${version}\` : "closed"));
app.enableShutdownHooks();
await app.listen(3000);
${good(version, `names: ["admin"]`)}`;

/** An app without a line of sockact. */
const plain = (version: string): string => `import { createServer } from "node:http";
for (const port of [80, 81])
  createServer({ keepAliveTimeout: 60_000 }, ({ url }, response) =>
    response.end(\`\${url.slice(2)} \${process.pid} ${version}\`),
  ).listen(port);
${CLOSE_WITH_GRACE}`;

/** Makes a new version wait until /run/hold is gone. */
const held = (
  code: number,
): string => `const { untilGone } = await import("PROJECT/packages/testing/programs/until-gone.mjs");
console.log("a version waits", ${code});
await untilGone("/run/hold");`;

const PRELOAD = "Environment=NODE_OPTIONS=--require=PROJECT/packages/register/dist/index.cjs";

/** What also listens to SIGHUP, and a version of its app. */
const listeners: [what: string, app: (version: string) => string, line?: string][] = [
  ["close-with-grace, called before listen()", (version) => `${CLOSE_WITH_GRACE}\n${good(version)}`],
  ["NestJS with enableShutdownHooks()", nest],
];
const moreListeners: typeof listeners = [
  ["close-with-grace, called after listen()", (version) => `${good(version)}\n${CLOSE_WITH_GRACE}`],
  ["close-with-grace, in an app with the preload", plain, PRELOAD],
];

const FULL = "/run/full";

describeWith({ privateSystemd: true, systemd: 253 }, "a handover beside other code", () => {
  let service: VersionedService;
  beforeAll(async () => {
    service = await VersionedService.boot();
  });
  afterAll(() => service?.systemd.close());

  const inside = (text: string): string => text.replaceAll("PROJECT", service.systemd.project);
  const deploy = (source: string): Promise<void> => service.deploy(inside(source));

  const start = async (source: string, line = ""): Promise<void> => {
    await service.install(inside(line));
    await deploy(source);
    await service.start();
    await service.newLines();
  };

  async function isUnnoticed(_what: string, app: (version: string) => string, line?: string): Promise<void> {
    await start(app("1"), line);
    await using clients = await service.clients();

    for (const [source, code] of [
      [app("2"), 0],
      ["process.exit(3);", 1],
    ] as const) {
      await service.systemd.write("/run/hold", "");
      await deploy(`${held(code)}\n${source}`);
      const reloaded = service.reload();
      await service.systemd.waitForJournal("app.service", new RegExp(`^a version waits ${code}$`));
      // A listener that has run would close the app now.
      await clients.round();
      await service.systemd.mustRun(["rm", "/run/hold"]);
      expect(await reloaded).toMatchObject({ code });
      await service.untilOneProcess();
    }
    await clients.round();

    expect(await clients.failures()).toEqual({ failed: {}, connections: 8 });
    expect(await service.version()).toBe("2");
    const closings = (await service.newLines()).filter((text) => text.startsWith("the app closes"));
    expect(closings, "the library runs once, when the old process ends").toEqual([
      "the app closes at SIGTERM",
    ]);
  }

  test("the old process ends as soon as nothing keeps it, if the app listens to SIGTERM and does not end it", async () => {
    const listener = `process.on("SIGTERM", () => console.log("the app cleans up"));`;
    // Longer than the test waits.
    await start(`${listener}\n${good("1")}`, "Environment=SOCKACT_DRAIN_TIMEOUT=300s");
    await deploy(good("2"));
    expect(await service.reload()).toMatchObject({ code: 0 });
    await service.untilOneProcess();
    const lines = await service.newLines();
    expect(lines).toContain("the app cleans up");
    expect(lines.filter((text) => text.includes("SOCKACT_ERR"))).toEqual([]);
  });

  test.each(listeners)("no client notices that the app listens to SIGHUP: %s", isUnnoticed);
  test.each(moreListeners)(
    "no client notices that the app listens to SIGHUP: %s",
    { tags: "campaign" },
    isUnnoticed,
  );

  test("the new process keeps serving though the app listens to the channel to the old one", async () => {
    const app = (version: string): string => `process.on("disconnect", () => process.exit(9));
process.on("message", (message) => console.log("a message", message));
${good(version)}`;
    await start(app("1"));
    await using clients = await service.clients();
    for (const version of ["2", "3"]) {
      await deploy(app(version));
      expect(await service.reload()).toMatchObject({ code: 0 });
      await service.untilOneProcess();
      await clients.round();
      expect(await service.version()).toBe(version);
    }
    expect(await clients.failures()).toEqual({ failed: {}, connections: 8 });
    expect(await service.systemd.show("app.service", "NRestarts")).toBe("0");
    expect((await service.newLines()).join("\n")).not.toContain("a message");

    await deploy(`process.disconnect();\n${good("4")}`);
    expect(await service.reload()).toMatchObject({ code: 1 });
    expect((await service.newLines()).join("\n")).toContain(
      "The new process has called process.disconnect() before it was ready",
    );
    expect(await service.version()).toBe("3");
  });

  test("the reload has a result though the app has changed its environment", async () => {
    await start(`${good("1")}\ndelete process.env.SOCKACT_RELOAD_RESULT;`);
    await deploy("process.exit(3);");
    expect(await service.reload()).toMatchObject({ code: 1 });
    expect((await service.newLines()).join("\n")).toMatch(/^SOCKACT_ERR_HANDOVER_EXITED: .* exit status 3/m);
    await deploy(good("2"));
    expect(await service.reload()).toMatchObject({ code: 0 });
    expect(await service.version()).toBe("2");
  });

  describe("when the result can't be written", () => {
    beforeAll(async () => {
      const script = `mkdir ${FULL} && mount -t tmpfs -o size=4k,mode=777 none ${FULL} && : >${FULL}/result && chmod 666 ${FULL}/result
dd if=/dev/zero of=${FULL}/rest bs=1k count=8 || true`;
      await service.systemd.mustRun(["sh", "-ec", script]);
      const path = `Environment=SOCKACT_RELOAD_RESULT=${FULL}/result\nReadWritePaths=${FULL}`;
      await start(good("1"), `${path}\nEnvironment=SOCKACT_HANDOVER_TIMEOUT=1s\nTimeoutStartSec=2s`);
    });

    test("a successful handover is a successful reload, and the journal names the cause", async () => {
      await deploy(good("2"));
      expect(await service.reload()).toMatchObject({ code: 0 });
      expect(await service.version()).toBe("2");
      expect((await service.newLines()).join("\n")).toContain("ENOSPC");
    });

    test("a reload whose handover fails ends, too", async () => {
      const before = await service.pid();
      await service.systemd.mustRun(["sh", "-c", `: >${FULL}/result; chmod 666 ${FULL}/result`]);
      await deploy("process.exit(3);");
      expect(await service.reload()).toMatchObject({ code: 1 });
      expect((await service.newLines()).join("\n")).toContain("ENOSPC");
      expect(await service.untilOneProcess()).toBe(before);
    });
  });

  test("the old process answers on a connection for which the new one has no descriptor", async () => {
    await start(good("1"), "LimitNOFILE=200");
    const clients = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const client = await service.connect();
        await client.get("/").receives(/ 1$/);
        return client;
      }),
    );
    await deploy(`import { closeSync, openSync } from "node:fs";
function fill() {
  const fds = [];
  try {
    for (;;) fds.push(openSync("/dev/null"));
  } catch {
    for (const fd of fds.slice(-5)) closeSync(fd);
  }
}
${good("2", "onListen: () => { if (process.connected) fill(); }")}`);
    expect(await service.reload()).toMatchObject({ code: 0 });
    await service.systemd.waitForJournal("app.service", /SOCKACT_ERR_HANDOVER_CONNECTIONS/);
    for (const client of clients) client.get("/");
    const answers = await Promise.all(clients.map((client) => client.receives(/ [12]$/)));
    const answeredBy = (version: string): number => answers.filter((text) => text.endsWith(version)).length;
    expect([answeredBy("1"), answeredBy("2")]).toEqual([7, 5]);
    for (const { socket } of clients) socket.destroy();
  });
});
