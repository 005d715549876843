import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { bootPrivateSystemd, describeWith, Load, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { emitUnits, lintUnits, type AppDescription } from "../src/index.ts";

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

  /** Installs the app that listens on 3000, and starts its sockets. */
  async function install(more: Partial<AppDescription>): Promise<void> {
    const units = emitUnits({
      name: "app",
      exec: [systemd.node, app, "3000"],
      workingDirectory: systemd.project,
      preload: true,
      sockets: [{ listen: 80 }],
      ...more,
    });
    await systemd.installUnits(units);
    const sockets = Object.keys(units).filter((unit) => unit.endsWith(".socket"));
    await systemd.start(...(sockets.length > 0 ? sockets : ["app.service"]));
  }

  interface Who {
    port: number;
    uid: number;
    execArgv: string[];
    options?: string;
    title: string;
    child: boolean;
  }

  async function get<Answer>(url: string): Promise<Answer> {
    const { status, body } = await systemd.request(`http://127.0.0.1${url}`);
    expect(status).toBe(200);
    return JSON.parse(body) as Answer;
  }
  const pid = async () => (await get<{ pid: number }>("/")).pid;
  const who = (port = "") => get<Who>(`${port}/who`);

  afterEach(async () => {
    await systemd.mustRun(["sh", "-c", "systemctl stop 'app*.socket' 'app*.service'"]);
    await systemd.mustRun(["sh", "-c", "rm -rf /run/systemd/system/app*"]);
    await systemd.systemctl("daemon-reload");
  });

  it.each(["inbound", "outbound", "none"] as const)(
    "serves port 80 as a user that exists only while it runs, in the sandbox %s",
    async (hardening) => {
      await install({ hardening });
      const { uid, execArgv, options, child } = await who();
      expect(uid).toBeGreaterThan(60_000);
      expect({ execArgv, options, child }).toEqual({
        execArgv: ["--require", register],
        options: undefined,
        // A child process does not load the preload.
        child: false,
      });
    },
  );

  it("gives each listen() the socket that the map names", async () => {
    await install({
      exec: [systemd.node, app, "3000", "3001"],
      preload: { map: { 3000: "http", 3001: "admin" } },
      hardening: "inbound",
      sockets: [
        { name: "admin", listen: 81 },
        { name: "http", listen: 80 },
      ],
    });
    expect(await who()).toMatchObject({ port: 3000 });
    expect(await who(":81")).toMatchObject({ port: 3001 });
  });

  it("says when it is ready, and loses no request in a restart", async () => {
    await install({ type: "notify", watchdogSec: "30s", hardening: "inbound" });
    await pid();
    const load = await Load.start(systemd, "busy", {
      url: "http://127.0.0.1/",
      connections: 8,
      keepAlive: true,
    });
    for (let restart = 0; restart < 2; restart += 1) {
      await systemd.restart("app.service");
      await load.round();
    }
    expect(await load.result()).toMatchObject({ lost: 0, resets: 0 });
    await load[Symbol.asyncDispose]();
    expect(await systemd.show("app.service", "Result")).toBe("success");
  });

  it("sleeps when it is idle, and wakes for the next request", async () => {
    await install({ idleTimeout: "100ms" });
    const pids = new Set<number>();
    for (let round = 0; round < 2; round += 1) {
      pids.add(await pid());
      await systemd.waitForUnit("app.service", "ActiveState", "inactive");
    }
    expect(pids.size).toBe(2);
    expect(await systemd.show("app.service", "NRestarts")).toBe("0");
  });

  it.each([
    ["an argument of Node", (): readonly string[] => [systemd.node, app, "3000"]],
    ["an option where a script starts Node", (): readonly string[] => ["/srv/start", "3000"]],
    ["an option where a shell does", () => ["/bin/sh", "-c", `exec ${systemd.node} ${app} 3000`]],
  ])("is found whatever its path has in it, as %s", async (_how, exec) => {
    const isArgument = exec()[0] === systemd.node;
    const folder = `/srv/50% of "it's" %n $HOME\\n \${HOME} é; #`;
    const path = `${folder}/preload.cjs`;
    await systemd.mustRun(["mkdir", "-p", folder]);
    await systemd.mustRun(["ln", "-sf", register, path]);
    await systemd.write("/srv/start", `#!${systemd.node}\nimport(${JSON.stringify(app)});\n`, 0o755);
    await install({
      exec: exec(),
      preload: path,
      environment: { NODE_OPTIONS: "--title=odd" },
      jitless: !isArgument,
      hardening: "inbound",
    });
    const { execArgv, options = "", title, child } = await who();
    expect({ execArgv, title, child }).toEqual({
      execArgv: isArgument ? ["--require", path] : [],
      title: "odd",
      child: !isArgument,
    });
    expect(options.includes("--jitless")).toBe(!isArgument);
  });

  it("takes turns in a rolling restart", async () => {
    await install({ rolling: true, hardening: "inbound" });
    const blue = await pid();
    await systemd.start("app@green.service");
    await systemd.stop("app@blue.service");
    expect(await pid()).not.toBe(blue);
  });

  it("serves one connection", async () => {
    await install({
      sockets: [{ listen: 80, accept: true }],
      acknowledge: ["accept-server"],
      hardening: "inbound",
    });
    expect(await pid()).not.toBe(await pid());
  });

  it("serves with the workers of a cluster, which also get the argument", async () => {
    await install({ environment: { WORKERS: "2" }, type: "notify", hardening: "inbound" });
    const answering = await pid();
    expect(answering).not.toBe(Number(await systemd.show("app.service", "MainPID")));
    expect(await who()).toMatchObject({ execArgv: ["--require", register], child: false });
  });

  it.each(["capability", "proxy"] as const)(
    "says when it is ready, and drains, where it listens by itself: %s",
    async (bind) => {
      await install({
        exec: [systemd.node, app, bind === "proxy" ? "3000" : "80"],
        bind,
        type: "notify",
        sockets: [{ listen: 80 }],
      });
      expect(await who()).toMatchObject({ port: bind === "proxy" ? 3000 : 80 });
      expect(await systemd.show("app.service", "SubState")).toBe("running");
      await systemd.stop(...(bind === "proxy" ? ["app.socket"] : []), "app.service");
      expect(await systemd.journal("app.service", "service")).toContainEqual(
        expect.stringMatching(/drained/),
      );
    },
  );

  it("is not found where there is none, which the journal says", async () => {
    await install({ workingDirectory: "/srv", restart: "no" });
    await systemd.systemctl("start", "--no-block", "app.service");
    const said = await systemd.waitForJournal("app.service", /^Error: Cannot find module/);
    expect(said).toContain("'/srv/node_modules/@sockact/register/dist/index.cjs'");
  });
});

describe("SOCKACT_MAP", () => {
  /** What the preload says of a map, in a process to which systemd has passed a socket named http. */
  function said(map: string): string {
    const preload = fileURLToPath(new URL("../../register/dist/index.cjs", import.meta.url));
    const command = ['LISTEN_PID=$$ exec "$@" 3</dev/null', "sh", process.execPath, "--require", preload];
    const { stderr } = spawnSync("/bin/sh", ["-c", ...command, "-e", "0"], {
      encoding: "utf8",
      env: { LISTEN_FDS: "1", LISTEN_FDNAMES: "http", SOCKACT_MAP: map },
    });
    return /ERR_OPTION|ERR_NAME_UNKNOWN/.exec(stderr)?.[0] ?? "";
  }

  /** What the linter says of it. */
  function found(map: string): string {
    const codes = lintUnits({
      "app.socket": "[Socket]\nListenStream=80\nFileDescriptorName=http\n",
      "app.service": `[Service]\nExecStart=/usr/bin/node /srv/app.js\nEnvironment="SOCKACT_MAP=${map}"\n`,
    }).map(({ code }) => code);
    if (codes.includes("variable-invalid")) return "ERR_OPTION";
    return codes.includes("map-name-unknown") ? "ERR_NAME_UNKNOWN" : "";
  }

  it.each<[code: string, maps: string[]]>([
    ["", ["3000=http", " 3000 = http , 0=http", "/run/a=b.sock=http", "@a=http", "localhost:3000=http"]],
    ["", ["[::1]:3000=http", "127.0.0.1:1=http", "my-host.test:1=http", "03000=http"]],
    ["ERR_NAME_UNKNOWN", ["3000=web", "3000=http,3001=web", "3000=htt p"]],
    ["ERR_OPTION", ["http", "=http", "3000=", "3000=http,", ",", "70000=http", "-1=http", "::1:3000=http"]],
    ["ERR_OPTION", ["/=http", "/ =http", "@=http", "app=http", ":3000=http", "[]:1=http", "300000=http"]],
    ["ERR_OPTION", ["1.5=http", "http=3000", "*:3000=http", "a b:1=http", "[zz]:1=http", "[1.2.3.4]:1=http"]],
  ])("is read by the linter as by the preload: %s in %j", (code, maps) => {
    for (const map of maps) expect([map, found(map), said(map)]).toEqual([map, code, code]);
  });
});
