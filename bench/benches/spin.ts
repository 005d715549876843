// How often systemd starts a service that accepts no connection, and whether its port stays open.
//
// npm run bench -- spin [--seconds N] [--runs N] [--only TEXT] [--out FILE]
//
// --seconds N  how long the starts are counted in each measurement, 6 by default
//
// It needs root and systemd, as the tests of units do. "Node, 42" is a program that exits with 42.
import { readFile, rm } from "node:fs/promises";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { bootPrivateSystemd } from "../../packages/testing/src/boot-private-systemd.ts";
import type { PrivateSystemd } from "../../packages/testing/src/private-systemd.ts";
import { type Bench, countOf } from "../lib/bench.ts";
import { type Arm, armsNamed, compare } from "../lib/compare.ts";
import type { Figure } from "../lib/measured.ts";

interface Setup {
  unit?: string;
  service?: string;
  /** Lines for [Socket]. By default, triggers have no limit. */
  socket?: string;
}

const unlimited = "TriggerLimitIntervalSec=0";
const onFailure = "Restart=on-failure\nRestartSec=1s";
const always =
  "Restart=always\nRestartSec=1s\nRestartPreventExitStatus=42\nSuccessExitStatus=42\nEnvironment=SOCKACT_IDLE_EXIT_STATUS=42";
const missing = "ConditionPathExists=/nowhere";
const refusing = "ExecCondition=/bin/sh -c 'echo >>/run/starts; exit 1'";
const pause = `ExecStopPost=/bin/sh -c 'if [ "$$SERVICE_RESULT" = exec-condition ]; then sleep 1; fi'`;

/** The service runs a program that exits by itself. */
const setups: Record<string, Setup> = {
  "Restart=on-failure": { service: onFailure },
  "Restart=on-failure, PollLimitBurst=3 in 10 s": {
    service: onFailure,
    socket: `${unlimited}\nPollLimitIntervalSec=10s\nPollLimitBurst=3`,
  },
  "Restart=always, but for 42": { service: always },
  "Restart=on-failure, ExecStartPre=sleep 1": { service: `${onFailure}\nExecStartPre=/bin/sleep 1` },
  "Restart=on-failure, ExecStopPost=sleep 1": { service: `${onFailure}\nExecStopPost=/bin/sleep 1` },
  "Restart=on-failure, RestartSteps=5 up to 30 s": {
    service: `${onFailure}\nRestartSteps=5\nRestartMaxDelaySec=30s`,
  },
  "Restart=on-failure, TriggerLimitBurst=200 in 2 s": {
    service: onFailure,
    socket: "TriggerLimitIntervalSec=2s\nTriggerLimitBurst=200",
  },
  "Restart=on-failure, FlushPending=yes": { service: onFailure, socket: `${unlimited}\nFlushPending=yes` },
};

/** The program would accept connections, but something keeps it from starting. */
const kept: Record<string, Setup> = {
  "ConditionPathExists=": { unit: missing, service: always },
  "ConditionPathExists=, TriggerLimit of systemd": { unit: missing, service: always, socket: "" },
  "ConditionPathExists=, PollLimitBurst=3 in 10 s": {
    unit: missing,
    service: always,
    socket: `${unlimited}\nPollLimitIntervalSec=10s\nPollLimitBurst=3`,
  },
  "ConditionPathExists=, FlushPending=yes": {
    unit: missing,
    service: always,
    socket: `${unlimited}\nFlushPending=yes`,
  },
  "ExecCondition=": { service: `${always}\n${refusing}` },
  "ExecCondition=, TriggerLimit of systemd": { service: `${always}\n${refusing}`, socket: "" },
  "ExecCondition=, a pause in ExecStopPost=": { service: `${always}\n${refusing}\n${pause}` },
  "Requires= a unit that fails": { unit: "Requires=fails.service\nAfter=fails.service", service: always },
};

const programs = {
  "a small program": (_node: string, status: number) => `/bin/sh -c 'echo >>/run/starts; exit ${status}'`,
  Node: (node: string, status: number) =>
    `${node} -e 'fs.appendFileSync("/run/starts", "\\\\n"); process.exit(${status})'`,
};

/** Makes one connection that waits in the queue, and counts the starts for some seconds. */
async function measure(
  systemd: PrivateSystemd,
  { unit = "", service = "", socket = unlimited }: Setup,
  exec: string,
  seconds: number,
): Promise<Record<string, number>> {
  await rm(systemd.hostPath("/run/starts"), { force: true });
  await systemd.installUnits({
    "spin.socket": `[Socket]\nListenStream=/run/spin.sock\n${socket}\n`,
    "fails.service": "[Service]\nType=oneshot\nExecStart=/bin/false\n",
    "spin.service": `[Unit]\nRequires=spin.socket\nAfter=spin.socket\nStartLimitIntervalSec=0\n${unit}\n[Service]\nExecStart=${exec}\n${service}\n`,
  });
  await systemd.start("spin.socket");
  const wait = `require("net").connect("/run/spin.sock", () => console.log()).on("error", () => {}); setInterval(() => {}, 1000)`;
  const client = systemd.spawn([systemd.node, "-e", wait]);
  await once(client.stdout!, "data");
  const start = performance.now();
  await delay(seconds * 1000);
  const written = await readFile(systemd.hostPath("/run/starts"), "utf8").catch(() => "");
  const took = (performance.now() - start) / 1000;
  const isOpen = (await systemd.show("spin.socket", "ActiveState")) === "active";
  client.kill("SIGKILL");
  await systemd.stop("spin.socket", "spin.service");
  await systemd.run(["systemctl", "reset-failed"]);
  // A start that a condition prevents appears only in the journal, which accepts 10,000 messages in half a
  // minute.
  const skips = unit === "" ? 0 : await skipsOf(systemd);
  return { starts: (written.length + skips) / took, "port open": Number(isOpen) };
}

/** Removes the counted messages. */
async function skipsOf(systemd: PrivateSystemd): Promise<number> {
  const count =
    "journalctl --sync; journalctl --unit=spin.service --output=cat | grep --count -E 'skipped|Dependency failed'";
  const { stdout } = await systemd.run([
    "sh",
    "-c",
    `${count}; journalctl --rotate --vacuum-time=1us --quiet`,
  ]);
  return Number.parseInt(stdout);
}

const figures: Figure[] = [
  { name: "starts", unit: "a second", better: "lower" },
  { name: "port open", unit: "", better: "higher" },
];

export const bench: Bench = {
  runs: 1,
  needs: ["private systemd"],
  options: { seconds: { type: "string", default: "6" } },
  isExtra: true,
  async measure({ runs, only, options }) {
    const seconds = countOf("seconds", options["seconds"]);
    await using systemd = await bootPrivateSystemd();
    const arm = (name: string, setup: Setup, exec: string): Arm => ({
      name,
      against: name,
      measure: () => measure(systemd, setup, exec, seconds),
    });
    const ending = Object.entries(setups).flatMap(([name, setup]) =>
      Object.entries(programs).flatMap(([program, exec]) =>
        [0, 1, 42].map((status) => arm(`${name}; ${program}, ${status}`, setup, exec(systemd.node, status))),
      ),
    );
    const waiting = Object.entries(kept).map(([name, setup]) => arm(name, setup, "/bin/sleep infinity"));
    const arms = armsNamed([...ending, ...waiting], only);
    return [await compare({ title: "Starts without an accept", figures }, arms, runs, 0)];
  },
};
