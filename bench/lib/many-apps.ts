import { bootPrivateSystemd } from "../../packages/testing/src/boot-private-systemd.ts";
import type { PrivateSystemd } from "../../packages/testing/src/private-systemd.ts";
import { emitUnits } from "../../packages/units/src/index.ts";
import { memoryOf } from "./process-memory.ts";

/** The port of the first app. Each app listens on the next one. */
const FIRST_PORT = 8000;
/** How many apps start at the same time. */
const AT_ONCE = 4;
/** How many units one call of systemctl names. */
const IN_ONE_CALL = 500;
/** The timeout of a systemd command, in milliseconds. */
const DEADLINE = 120_000;

/** Many Express apps in a private systemd, in the sandbox that `@sockact/units` writes. */
export class ManyApps implements AsyncDisposable {
  readonly #systemd: PrivateSystemd;
  readonly #names: readonly string[];
  /** How long the start of all sockets took, in milliseconds. */
  readonly open: number;

  private constructor(systemd: PrivateSystemd, names: readonly string[], open: number) {
    this.#systemd = systemd;
    this.#names = names;
    this.open = open;
  }

  /** Opens the sockets. No app runs yet. */
  static async install(node: string, count: number): Promise<ManyApps> {
    const systemd = await bootPrivateSystemd({ node });
    const names = Array.from({ length: count }, (_, index) => `many${index}`);
    const program = systemd.inside(new URL("../../examples/express/server.js", import.meta.url));
    const units = names.map((name, index) =>
      emitUnits({
        name,
        exec: [systemd.node, program],
        type: "notify",
        sockets: [{ listen: FIRST_PORT + index }],
      }),
    );
    // `systemd-analyze verify` would take minutes.
    await systemd.installUnits(Object.assign({}, ...units), { verify: false });
    const began = performance.now();
    for (const some of inParts(names)) {
      const sockets = some.map((name) => `${name}.socket`);
      await systemd.mustRun(["systemctl", "start", ...sockets], { timeout: DEADLINE });
    }
    return new ManyApps(systemd, names, performance.now() - began);
  }

  /** Sends a request to the first app, which starts it. Returns the time of the response, in milliseconds. */
  async wakeOne(): Promise<number> {
    const began = performance.now();
    await this.#systemd.request(`http://127.0.0.1:${FIRST_PORT}/`);
    return performance.now() - began;
  }

  /** Makes systemd reload all units. Returns the time, in milliseconds. */
  async reloadManager(): Promise<number> {
    const began = performance.now();
    await this.#systemd.mustRun(["systemctl", "daemon-reload"], { timeout: DEADLINE });
    return performance.now() - began;
  }

  /** Sends a request to each app, which starts it. */
  async wake(): Promise<void> {
    const ports = this.#names.map((_, index) => FIRST_PORT + index);
    while (ports.length > 0)
      await Promise.all(
        ports.splice(0, AT_ONCE).map((port) => this.#systemd.request(`http://127.0.0.1:${port}/`)),
      );
  }

  /** Stops the apps. Their sockets stay open. */
  async sleep(): Promise<void> {
    for (const names of inParts(this.#names))
      await this.#systemd.stop(...names.map((name) => `${name}.service`));
  }

  /** How many processes the apps have, and how much memory in MB. */
  async measure(): Promise<Record<string, number>> {
    const pids: string[] = [];
    for (const names of inParts(this.#names)) {
      const services = names.map((name) => `${name}.service`);
      const shown = await this.#systemd.systemctl("show", "--property=MainPID", "--value", ...services);
      pids.push(...shown.split(/\s+/).filter((pid) => Number(pid) > 0));
    }
    const apps = pids.map((pid) => memoryOf(this.#systemd.hostPath(`/proc/${pid}`)));
    const sumOf = (field: keyof (typeof apps)[number]): number =>
      apps.reduce((sum, app) => sum + app[field], 0);
    return {
      processes: pids.length,
      "all apps": sumOf("PSS"),
      "RSS of one": sumOf("RSS") / Math.max(1, pids.length),
      "own of one": sumOf("own") / Math.max(1, pids.length),
      "own of systemd": memoryOf(this.#systemd.hostPath("/proc/1")).own,
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#systemd.close();
  }
}

function inParts(names: readonly string[]): (readonly string[])[] {
  const count = Math.ceil(names.length / IN_ONE_CALL);
  return Array.from({ length: count }, (_, index) =>
    names.slice(index * IN_ONE_CALL, (index + 1) * IN_ONE_CALL),
  );
}
