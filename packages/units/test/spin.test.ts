// Services that end without accepting the connection that waits: what the linter says of them, and those that
// emitUnits writes.
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { bootPrivateSystemd, describeWith, type PrivateSystemd, systemdVersion } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { emitUnits, lintUnits, type AppDescription } from "../src/index.ts";

type Files = Record<string, string>;

/** Where each start leaves a byte; every user may write there. */
const startsOf = (name: string): string => `/run/starts/${name}`;

/** systemd's own limits, over a minute, which a slow machine reaches as well. */
const patient = {
  socket: "[Socket]\nTriggerLimitIntervalSec=1min\n",
  service: "[Unit]\nStartLimitIntervalSec=1min\n",
};

/** The codes of the linter that are about limits of starts. */
const codes = /trigger|spins/;

interface Linted {
  /** Further lines of the socket and of the service. */
  socket?: string;
  service: string;
  status: number;
  found: string[];
  /** What becomes of it. */
  until: "the port closes" | "it starts twenty-five times" | "it is tried fifty times";
}

const unlimited = "TriggerLimitIntervalSec=0\n";

const linted: Record<string, Linted> = {
  "a clean exit that is not restarted closes the port": {
    service: "Restart=on-failure\n",
    status: 0,
    found: ["trigger-limit", "clean-exit-spins"],
    until: "the port closes",
  },
  "a restart that is too fast closes the port": {
    service: "Restart=always\nRestartSec=10ms\n",
    status: 0,
    found: ["trigger-limit"],
    until: "the port closes",
  },
  "without the limit, a clean exit that is not restarted is started without end": {
    socket: unlimited,
    service: "Restart=on-failure\n",
    status: 0,
    found: ["clean-exit-spins"],
    until: "it starts twenty-five times",
  },
  "without the limit, a crash that is not restarted is started without end": {
    socket: unlimited,
    service: "Restart=no\n",
    status: 1,
    found: ["clean-exit-spins", "crash-spins"],
    until: "it starts twenty-five times",
  },
  "a crash that is restarted at once is started without end": {
    socket: unlimited,
    service: "Restart=always\nRestartSec=0\n",
    status: 1,
    found: ["restart-fast"],
    until: "it starts twenty-five times",
  },
  "without the limit, a start that a condition refuses is tried without end": {
    socket: unlimited,
    service: "Restart=always\nRestartSec=1s\n[Unit]\nConditionPathExists=/nowhere\n",
    status: 1,
    found: ["condition-spins"],
    until: "it is tried fifty times",
  },
  "restarts after clean exits do not reach the limit": {
    service: "Restart=always\nRestartSec=100ms\n",
    status: 0,
    found: [],
    until: "it starts twenty-five times",
  },
  "restarts after crashes do not reach the limit": {
    service: "Restart=always\nRestartSec=100ms\n",
    status: 1,
    found: [],
    until: "it starts twenty-five times",
  },
};

interface Emitted {
  description: Partial<AppDescription>;
  /** The status with which it exits. */
  status: number;
  /** A program of Node; a shell script if left out. */
  program?: "Node";
  service?: string;
  socket?: string;
  /** The result of the socket, if it fails, and the number of starts. */
  fails?: [result: string, starts: number];
}

const emitted: Record<string, Emitted> = {
  "is started once by the connection, then restarted, if it exits with 0": { description: {}, status: 0 },
  "is started once by the connection, then restarted, if it exits with 1": { description: {}, status: 1 },
  "so is Node that exits with 0": { description: { type: "notify" }, status: 0, program: "Node" },
  "so is Node that exits with 1": { description: {}, status: 1, program: "Node" },
  ...((systemdVersion() ?? 0) >= 254 && {
    "so is one whose first restart is quick": { description: { systemd: 254 }, status: 1 },
  }),
  "so is an instance that takes turns": {
    description: { rolling: true },
    status: 0,
    program: "Node",
    service: "@blue.service",
  },
  "so is an instance of a template": {
    description: { template: true },
    status: 0,
    socket: "@one.socket",
    service: "@one.service",
  },
  "so is an app behind a proxy": { description: { bind: "proxy", backend: "/run/app/app.sock" }, status: 1 },
  "fails its socket at systemd's own limit of starts, with restart: no and status 0": {
    description: { restart: "no" },
    status: 0,
    fails: ["service-start-limit-hit", 5],
  },
  "fails its socket at systemd's own limit of starts, with restart: no and status 1": {
    description: { restart: "no" },
    status: 1,
    fails: ["service-start-limit-hit", 5],
  },
  "fails its socket at systemd's own limit of starts, with restart: on-success and status 1": {
    description: { restart: "on-success" },
    status: 1,
    fails: ["service-start-limit-hit", 5],
  },
  "fails its socket at systemd's own limit of starts, with restart: on-abnormal and status 0": {
    description: { restart: "on-abnormal" },
    status: 0,
    fails: ["service-start-limit-hit", 5],
  },
  "fails its socket at systemd's own limit when the path of its condition is missing": {
    description: { conditionPathExists: "/nowhere" },
    status: 0,
    fails: ["trigger-limit-hit", 0],
  },
};

// Each case has units of its own, so they wait at the same time.
describeWith({ privateSystemd: true }, "a service that ends without accepting", () => {
  let systemd: PrivateSystemd;

  const lintedUnits = (name: string, { socket = "", service }: Linted): Files => ({
    [`${name}.socket`]: `[Socket]\nListenStream=/run/${name}.sock\n${socket}`,
    [`${name}.service`]: `[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/run/${name}.js\n${service}`,
  });
  const names = { linted: nameAll("linted", linted), emitted: nameAll("emitted", emitted) };

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    await systemd.mustRun(["mkdir", "--mode=777", "/run/starts"]);
    const installed: Files = {};
    for (const [, name, one] of names.linted) {
      const program = `#!/bin/sh\nprintf . >>${startsOf(name)}\nexit ${one.status}\n`;
      await systemd.write(`/run/${name}.js`, program, 0o755);
      Object.assign(installed, lintedUnits(name, one));
      if (one.until === "the port closes") installed[`${name}.socket.d/patient.conf`] = patient.socket;
    }
    for (const [, name, { description, status, program, fails }] of names.emitted) {
      await systemd.write(`/run/${name}`, `#!/bin/sh\nprintf . >>${startsOf(name)}\nexit ${status}\n`, 0o755);
      const script = `require("node:fs").appendFileSync("${startsOf(name)}", "."); process.exit(${status});`;
      Object.assign(
        installed,
        unitsOf(name, program ? [systemd.node, "--eval", script] : [`/run/${name}`], description),
      );
      if (fails === undefined) continue;
      installed[`${name}.socket.d/patient.conf`] = patient.socket;
      installed[`${name}.service.d/patient.conf`] = patient.service;
    }
    await systemd.write(
      "/run/asked",
      `#!/bin/sh\nprintf . >>${startsOf("asks")}\ntest -e /run/starts/allowed\n`,
      0o755,
    );
    Object.assign(
      installed,
      unitsOf("asks", ["/bin/sleep", "infinity"], { execCondition: [["/run/asked"]] }),
    );
    // Once for all: before systemd 253, reading the units again resets the count of starts.
    await systemd.installUnits(installed, { verify: false });
  });
  afterAll(() => systemd?.close());

  const unitsOf = (name: string, exec: AppDescription["exec"], more: Partial<AppDescription>): Files =>
    emitUnits({
      name,
      exec,
      readWritePaths: ["/run/starts"],
      supplementaryGroups: ["daemon"],
      sockets: [
        { listen: more.template === true ? { specifier: `/run/${name}.sock` } : `/run/${name}.sock` },
      ],
      ...more,
    });

  const countStarts = async (name: string): Promise<number> =>
    (await readFile(systemd.hostPath(startsOf(name)), "utf8").catch(() => "")).length;

  /** Starts the socket, and lets one connection wait until the returned function is called. */
  async function letOneWait(name: string, socket = `${name}.socket`): Promise<() => void> {
    await systemd.start(socket);
    const connect = `require("node:net").connect("/run/${name}.sock", () => console.log()).on("error", () => console.log()); setInterval(() => {}, 60_000)`;
    const client = systemd.spawn([systemd.node, "-e", connect]);
    await once(client.stdout!, "data");
    return () => client.kill("SIGKILL");
  }

  it.concurrent.each(names.linted)(
    "with the lines of a person: %s",
    { tags: "campaign" },
    async (_, name, one) => {
      const { found, until } = one;
      const said = lintUnits(lintedUnits(name, one)).map(({ code }) => code);
      expect(said.filter((code) => codes.test(code) || found.includes(code)).toSorted()).toEqual(
        found.toSorted(),
      );
      const leave = await letOneWait(name);
      const tries = async () =>
        (await systemd.journal(`${name}.service`, "manager")).filter((line) => line.includes("condition"))
          .length;
      const reached: Record<Linted["until"], () => Promise<boolean>> = {
        "the port closes": async () =>
          (await systemd.show(`${name}.socket`, "Result")) === "trigger-limit-hit",
        "it starts twenty-five times": async () => (await countStarts(name)) >= 25,
        "it is tried fifty times": async () => (await tries()) >= 50,
      };
      await systemd.waitUntil(reached[until], until, 50_000);
      const state = until === "the port closes" ? "failed" : "active";
      expect(await systemd.show(`${name}.socket`, "ActiveState")).toBe(state);
      leave();
      await systemd.stop(`${name}.socket`, `${name}.service`);
    },
  );

  const restarted = names.emitted.filter(([, , { fails }]) => fails === undefined);
  it.concurrent.each(restarted)("with the lines of emitUnits: %s", async (_, name, one) => {
    const socket = `${name}${one.socket ?? ".socket"}`;
    const service = `${name}${one.service ?? ".service"}`;
    const leave = await letOneWait(name, socket);
    // In this order: a start that comes in between is one less to count.
    let starts = 0;
    let restarts = 0;
    const isRestarted = async () => {
      starts = await countStarts(name);
      restarts = Number(await systemd.show(service, "NRestarts"));
      return restarts >= 3;
    };
    await systemd.waitUntil(isRestarted, "it has been restarted three times", 50_000);
    expect(starts - restarts).toBeLessThanOrEqual(1);
    expect(await systemd.show(socket, "ActiveState")).toBe("active");
    leave();
    await systemd.stop(socket, service);
  });

  const failing = names.emitted.filter(([, , { fails }]) => fails !== undefined);
  it.concurrent.each(failing)("with the lines of emitUnits: %s", async (_, name, { fails }) => {
    const leave = await letOneWait(name);
    await systemd.waitForUnit(`${name}.socket`, "ActiveState", "failed", 50_000);
    expect([await systemd.show(`${name}.socket`, "Result"), await countStarts(name)]).toEqual(fails);
    leave();
  });

  // systemd tries again at once while a connection waits. A second of its stop is what keeps it from using up
  // a processor.
  it.concurrent("that asks whether it may start waits before it is asked again, and starts when it may", async () => {
    const leave = await letOneWait("asks");
    await systemd.waitForUnit("asks.service", "SubState", "stop-post", 50_000);
    await systemd.waitUntil(async () => (await countStarts("asks")) > 1, "it is asked again", 50_000);
    expect(await systemd.show("asks.socket", "ActiveState")).toBe("active");
    await systemd.write("/run/starts/allowed", "");
    await systemd.waitForUnit("asks.service", "ActiveState", "active", 50_000);
    leave();
    await systemd.stop("asks.socket", "asks.service");
  });
});

/** The cases, each with the name of its units. */
function nameAll<Case>(
  prefix: string,
  cases: Record<string, Case>,
): [title: string, name: string, one: Case][] {
  return Object.entries(cases).map(([title, one], index) => [title, `${prefix}${index}`, one]);
}
