import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describeWith, isLongRun, LONG_ONLY } from "@sockact/testkit";
import { expect, test } from "vitest";
// By their paths, because @sockact/units has the testkit as a dependency.
import { AppUnderLoad } from "../../testkit/src/app-under-load.ts";
import { during } from "../../testkit/src/during.ts";

const program = fileURLToPath(new URL("programs/answers-pid.mjs", import.meta.url));
const RELOADS = isLongRun ? 50 : 5;
const CLIENTS = 32;
const asked = { requests: [{ method: "GET", path: "/" }], answer: String.raw`^\{"pid":\d+\}$` };
/** The memory of two processes that do the same differs by when they last collected garbage. */
const MEMORY_MARGIN = 1.25;

/** What a service uses while one process serves. */
interface Usage {
  processes: number;
  /** The kinds of its descriptors, such as `socket` and `/dev/null`. */
  descriptors: string[];
  variables: string[];
  commandLine: string;
  /** In kB. */
  memory: number;
}

/** Waits until the old process has ended, and looks at the new one. */
async function usageOf({ systemd }: AppUnderLoad): Promise<Usage> {
  const group = await systemd.show("app.service", "ControlGroup");
  const processes = (): string[] =>
    linesOf(systemd.hostPath(`/sys/fs/cgroup${group}/cgroup.procs`)).filter((line) => line !== "");
  await systemd.waitUntil(async () => processes().length === 1, "the old process has ended", 20_000);
  const proc = systemd.hostPath(`/proc/${await systemd.show("app.service", "MainPID")}`);
  const descriptors = readdirSync(`${proc}/fd`).map((fd) => readlinkSync(`${proc}/fd/${fd}`));
  const [, memory] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`${proc}/status`, "utf8")) ?? [];
  return {
    processes: processes().length,
    descriptors: descriptors.map((target) => target.replace(/:\[\d+\]$/, "")).toSorted(),
    variables: linesOf(`${proc}/environ`, "\0")
      .map((variable) => variable.replace(/=.*/s, ""))
      .toSorted(),
    commandLine: readFileSync(`${proc}/cmdline`, "utf8"),
    memory: Number(memory),
  };
}

function linesOf(path: string, separator = "\n"): string[] {
  return readFileSync(path, "utf8").split(separator);
}

describeWith({ privateSystemd: true, systemd: 253 }, "many handovers", () => {
  test(
    `after ${RELOADS} reloads, the service has the descriptors, processes and memory that it has after one`,
    { timeout: RELOADS * 10_000 },
    async () => {
      await using app = await AppUnderLoad.boot();
      await app.install(program, { handover: true, hardening: "inbound" });
      const clients = app.load("thinking", {
        clients: CLIENTS,
        keepAlive: true,
        think: 50,
        away: 0,
        ...asked,
      });
      const usages: Usage[] = [];
      const results = await during({ clients }, RELOADS, async () => {
        await app.systemd.systemctl("reload", "app.service");
        usages.push(await usageOf(app));
      });
      expect(results.clients).toMatchObject({ lost: 0, connections: CLIENTS });
      const [{ memory: first, ...afterOne } = { memory: 0 }] = usages;
      for (const { memory, ...later } of usages) {
        expect(later).toEqual(afterOne);
        expect(memory / first).toBeLessThan(MEMORY_MARGIN);
      }
    },
  );

  test.runIf(isLongRun)(
    `reloads that follow each other while requests are under way${LONG_ONLY}`,
    { timeout: 60_000 },
    async () => {
      await using app = await AppUnderLoad.boot();
      // Longer than a new process takes to start, so that the old one still waits for responses at the next reload.
      await app.install(program, { handover: true, hardening: "inbound", environment: { DELAY: "1000" } });
      const clients = app.load("busy", { connections: 4, keepAlive: true, ...asked });
      const results = await during({ clients }, 1, async () => {
        for (let count = 0; count < 3; count++) await app.systemd.systemctl("reload", "app.service");
      });
      expect(results.clients).toMatchObject({ lost: 0, connections: 4 });
    },
  );
});
