import { bootPrivateSystemd, describeWith, Load, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parseSocketMap } from "../../register/src/socket-map.ts";
import { emitUnits, lintUnits, type AppDescription } from "../src/index.ts";

interface Who {
  port: number;
  uid: number;
  execArgv: string[];
  options?: string;
  title: string;
  child: boolean;
}

// Each test has units and ports of its own, so they wait at the same time.
describeWith({ privateSystemd: true, systemd: 253 }, "an app with a preload, and no line of sockact,", () => {
  let systemd: PrivateSystemd;
  /** The app, and the file of the preload as npm would have installed it. */
  let app: string;
  let register: string;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    app = `${systemd.project}/packages/units/test/programs/own-ports.mjs`;
    register = `${systemd.project}/node_modules/@sockact/register/dist/index.cjs`;
    await systemd.mustRun(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/srv"]);
  });
  afterAll(() => systemd?.close());

  const described = (name: string, listen: number, more: Partial<AppDescription>): AppDescription => ({
    name,
    exec: [systemd.node, app, "3000"],
    workingDirectory: systemd.project,
    preload: true,
    sockets: [{ listen }],
    ...more,
  });

  /**
   * Installs apps, and starts their sockets. What `systemd-analyze verify` says of such units is in
   * verify.test.ts.
   */
  async function install(...descriptions: AppDescription[]): Promise<void> {
    const units = Object.assign({}, ...descriptions.map((one) => emitUnits(one))) as Record<string, string>;
    await systemd.installUnits(units, { verify: false });
    const sockets = Object.keys(units).filter((unit) => unit.endsWith(".socket"));
    await systemd.start(...(sockets.length > 0 ? sockets : Object.keys(units)));
  }

  async function get<Answer>(port: number, path: string): Promise<Answer> {
    const { status, body } = await systemd.request({
      url: `http://127.0.0.1:${port}${path}`,
      timeout: 50_000,
    });
    expect(status).toBe(200);
    return JSON.parse(body) as Answer;
  }
  const pid = async (port: number) => (await get<{ pid: number }>(port, "/")).pid;
  const who = (port: number) => get<Who>(port, "/who");

  it.concurrent("serves a port as a user that exists only while it runs, in every sandbox", async () => {
    const sandboxes = { inbound: 100, outbound: 101, none: 102 } as const;
    const all = Object.entries(sandboxes) as [keyof typeof sandboxes, number][];
    await install(...all.map(([hardening, port]) => described(hardening, port, { hardening })));
    for (const { uid, execArgv, options, child } of await Promise.all(all.map(([, port]) => who(port)))) {
      expect(uid).toBeGreaterThan(60_000);
      // A child process does not load the preload.
      expect({ execArgv, options, child }).toEqual({
        execArgv: ["--require", register],
        options: undefined,
        child: false,
      });
    }
  });

  it.concurrent("gives each listen() the socket that the map names", async () => {
    const more: Partial<AppDescription> = {
      exec: [systemd.node, app, "3000", "3001"],
      preload: { map: { 3000: "http", 3001: "admin" } },
      hardening: "inbound",
      sockets: [
        { name: "admin", listen: 104 },
        { name: "http", listen: 103 },
      ],
    };
    await install(described("map", 103, more));
    expect(await who(103)).toMatchObject({ port: 3000 });
    expect(await who(104)).toMatchObject({ port: 3001 });
  });

  it.concurrent("says when it is ready, and loses no request in a restart", async () => {
    await install(
      described("ready", 105, {
        type: "notify",
        watchdogSec: "30s",
        hardening: "inbound",
        drainTimeout: "40s",
      }),
    );
    await pid(105);
    await using load = await Load.start(systemd, "busy", {
      url: "http://127.0.0.1:105/",
      connections: 8,
      keepAlive: true,
    });
    await systemd.restart("ready.service");
    await load.round();
    expect(await load.result()).toMatchObject({ lost: 0, resets: 0 });
    expect(await systemd.show("ready.service", "Result")).toBe("success");
  });

  it.concurrent("sleeps when it is idle, and wakes for the next request", async () => {
    await install(described("sleeper", 106, { idleTimeout: "100ms" }));
    const pids = new Set<number>();
    for (let round = 0; round < 2; round += 1) {
      pids.add(await pid(106));
      await systemd.waitForUnit("sleeper.service", "ActiveState", "inactive", 50_000);
    }
    expect(pids.size).toBe(2);
    expect(await systemd.show("sleeper.service", "NRestarts")).toBe("0");
  });

  it.concurrent("is found whatever its path has in it", async () => {
    const folder = `/srv/50% of "it's" %n $HOME\\n \${HOME} é; #`;
    const path = `${folder}/preload.cjs`;
    await systemd.mustRun(["mkdir", "-p", folder]);
    await systemd.mustRun(["ln", "-sf", register, path]);
    await systemd.write("/srv/start", `#!${systemd.node}\nimport(${JSON.stringify(app)});\n`, 0o755);
    const commands: [port: number, exec: readonly string[]][] = [
      // As an argument of Node, as an option where a script starts Node, and as an option where a shell does.
      [107, [systemd.node, app, "3000"]],
      [108, ["/srv/start", "3000"]],
      [109, ["/bin/sh", "-c", `exec ${systemd.node} ${app} 3000`]],
    ];
    await install(
      ...commands.map(([port, exec]) =>
        described(`odd${port}`, port, {
          exec,
          preload: path,
          environment: { NODE_OPTIONS: "--title=odd" },
          jitless: port !== 107,
          hardening: "inbound",
        }),
      ),
    );
    const answers = await Promise.all(commands.map(([port]) => who(port)));
    expect(
      answers.map(({ execArgv, title, child, options }) => [
        execArgv,
        title,
        child,
        /--jitless/.test(options!),
      ]),
    ).toEqual([
      [["--require", path], "odd", false, false],
      [[], "odd", true, true],
      [[], "odd", true, true],
    ]);
  });

  it.concurrent("takes turns in a rolling restart", async () => {
    await install(described("turns", 110, { rolling: true, hardening: "inbound" }));
    const blue = await pid(110);
    await systemd.start("turns@green.service");
    await systemd.stop("turns@blue.service");
    expect(await pid(110)).not.toBe(blue);
  });

  it.concurrent("serves one connection", async () => {
    await install(
      described("each", 111, {
        sockets: [{ listen: 111, accept: true }],
        hardening: "inbound",
      }),
    );
    expect(await pid(111)).not.toBe(await pid(111));
  });

  it.concurrent("serves with the workers of a cluster, which also get the argument", async () => {
    await install(
      described("workers", 112, { environment: { WORKERS: "2" }, type: "notify", hardening: "inbound" }),
    );
    const answering = await pid(112);
    expect(answering).not.toBe(Number(await systemd.show("workers.service", "MainPID")));
    expect(await who(112)).toMatchObject({ execArgv: ["--require", register], child: false });
  });

  it.concurrent("says when it is ready, and drains, where it listens by itself", async () => {
    const ways = [
      ["capability", "capability", 113, "113"],
      ["behind-proxy", "proxy", 114, "3000"],
    ] as const;
    await install(
      ...ways.map(([name, bind, port, own]) =>
        described(name, port, { exec: [systemd.node, app, own], bind, type: "notify" }),
      ),
    );
    await systemd.start("capability.service");
    for (const [name, bind, port, own] of ways) {
      expect(await who(port)).toMatchObject({ port: Number(own) });
      expect(await systemd.show(`${name}.service`, "SubState")).toBe("running");
      await systemd.stop(...(bind === "proxy" ? [`${name}.socket`] : []), `${name}.service`);
      expect(await systemd.journal(`${name}.service`, "service")).toContainEqual(
        expect.stringMatching(/drained/),
      );
    }
  });

  it.concurrent("is not found where there is none, which the journal says", async () => {
    await install(described("none-there", 115, { workingDirectory: "/srv", restart: "no" }));
    await systemd.systemctl("start", "--no-block", "none-there.service");
    const line = await systemd.waitForJournal("none-there.service", /^Error: Cannot find module/, 50_000);
    expect(line).toContain("'/srv/node_modules/@sockact/register/dist/index.cjs'");
  });
});

/** What the preload says of a map, when systemd has passed a socket named http. */
function said(map: string): string {
  try {
    return parseSocketMap(map).some(({ name }) => name !== "http") ? "SOCKACT_ERR_NAME_UNKNOWN" : "";
  } catch (error) {
    return (error as { code: string }).code;
  }
}

/** What the linter says of it. */
function found(map: string): string {
  const codes = lintUnits({
    "app.socket": "[Socket]\nListenStream=80\nFileDescriptorName=http\n",
    "app.service": `[Service]\nExecStart=/usr/bin/node /srv/app.js\nEnvironment="SOCKACT_MAP=${map}"\n`,
  }).map(({ code }) => code);
  if (codes.includes("variable-invalid")) return "SOCKACT_ERR_OPTION";
  return codes.includes("map-name-unknown") ? "SOCKACT_ERR_NAME_UNKNOWN" : "";
}

it("SOCKACT_MAP is read by the linter as by the preload", () => {
  const maps: Record<string, string> = {
    "": "3000=http; 3000 = http , 0=http;/run/a=b.sock=http;@a=http;localhost:3000=http;[::1]:3000=http;127.0.0.1:1=http;my-host.test:1=http;03000=http",
    SOCKACT_ERR_NAME_UNKNOWN: "3000=web;3000=http,3001=web;3000=htt p",
    SOCKACT_ERR_OPTION:
      "http;=http;3000=;3000=http,;,;70000=http;-1=http;::1:3000=http;/=http;/ =http;@=http;app=http;:3000=http;[]:1=http;300000=http;1.5=http;http=3000;*:3000=http;a b:1=http;[zz]:1=http;[1.2.3.4]:1=http",
  };
  const all = Object.entries(maps).flatMap(([code, some]) =>
    some.split(";").map((map) => [map, code] as const),
  );
  expect(all.map(([map]) => [map, found(map), said(map)])).toEqual(
    all.map(([map, code]) => [map, code, code]),
  );
});
