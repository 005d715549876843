import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type AppProcess, startProcess, watchProcess } from "../../packages/testkit/src/app-process.ts";
import { bootPrivateSystemd } from "../../packages/testkit/src/boot-private-systemd.ts";
import { inside } from "../../packages/testkit/src/load.ts";
import { emitUnits } from "../../packages/units/src/index.ts";

/** An app that a connection to a port of 127.0.0.1 starts. */
export interface ActivatedApp {
  name: string;
  program: string;
  /** Options of Node. */
  options?: readonly string[] | undefined;
  port: number;
}

/** Something that starts apps. */
export interface Activator extends AsyncDisposable {
  /** Starts an app by a connection, and stops it again. The figures are in milliseconds. */
  measure(app: ActivatedApp): Promise<Record<string, number>>;
}

const clientProgram = fileURLToPath(new URL("../programs/first-byte.mjs", import.meta.url));

async function firstByte(client: AppProcess, port: number): Promise<number> {
  client.write(String(port));
  const { milliseconds } = await client.event<{ milliseconds: number }>("answered");
  return milliseconds;
}

/**
 * Starts apps by systemd-socket-activate(1).
 *
 * It waits for the connection, and then becomes the app: it calls exec without a fork and without a shell. So the time from the connection to the
 * first byte contains almost only the app. The CPU time, which is that of all threads of the process, is the figure that other processes disturb
 * least.
 */
export function socketActivator(node: string): Activator {
  const client = startProcess([process.execPath, clientProgram]);
  return {
    async measure({ program, options = [], port }) {
      const address = `--listen=127.0.0.1:${port}`;
      await using app = startProcess([
        "systemd-socket-activate",
        "--fdname=http",
        address,
        "--",
        node,
        ...options,
        program,
      ]);
      await app.line(/^Listening on /);
      const before = cpuTime(app.pid);
      const time = await firstByte(client, port);
      return { "first byte": time, CPU: cpuTime(app.pid) - before };
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

/**
 * Starts apps as services of a real systemd, in the sandbox of the units that `@sockact/units` writes. The CPU time is that of the whole start: it
 * includes the work of systemd between fork and exec, and READY=1.
 */
export async function systemdActivator(node: string, apps: readonly ActivatedApp[]): Promise<Activator> {
  const systemd = await bootPrivateSystemd({ node });
  for (const { name, program, options = [], port, isNotifying } of apps) {
    await systemd.installUnits(
      emitUnits({
        name: unitOf(name),
        exec: [systemd.node, ...options, inside(systemd, program)],
        sockets: [{ name: "http", listen: `127.0.0.1:${port}` }],
        // An app that sends no READY=1 would never be started with Type=notify.
        type: isNotifying ? "notify" : "exec",
        hardening: "inbound",
      }),
    );
    await systemd.start(`${unitOf(name)}.socket`);
  }
  const client = watchProcess(systemd.spawn([systemd.node, inside(systemd, clientProgram)]));
  return {
    async measure({ name, port }) {
      const time = await firstByte(client, port);
      await systemd.waitForUnit(`${unitOf(name)}.service`, "ActiveState", "active");
      const pid = await systemd.show(`${unitOf(name)}.service`, "MainPID");
      const CPU = cpuTime(pid, systemd.hostPath("/proc"));
      await systemd.stop(`${unitOf(name)}.service`);
      return { "first byte": time, CPU };
    },
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await systemd.close();
    },
  };
}

/** A prefix, because the system itself has a unit with the name of one of the apps. */
function unitOf(app: string): string {
  return `bench-${app}`;
}

/** The CPU time of all threads of a process so far, in milliseconds. The first number of schedstat is the time on a processor, in nanoseconds. */
function cpuTime(pid: number | string, proc = "/proc"): number {
  const nanoseconds = readdirSync(`${proc}/${pid}/task`)
    .map((thread) => readFileSync(`${proc}/${pid}/task/${thread}/schedstat`, "utf8"))
    .reduce((sum, line) => sum + Number(line.split(" ")[0]), 0);
  return nanoseconds / 1e6;
}
