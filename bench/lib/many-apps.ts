import { bootPrivateSystemd } from "../../packages/testkit/src/boot-private-systemd.ts";
import { inside } from "../../packages/testkit/src/load.ts";
import type { PrivateSystemd } from "../../packages/testkit/src/private-systemd.ts";
import { emitUnits } from "../../packages/units/src/index.ts";
import { memoryOf } from "./process-memory.ts";

/** The port of the first app. Each app listens on the next one. */
const FIRST_PORT = 8000;
/** How many apps start at the same time. */
const AT_ONCE = 4;

/** Many Express apps in a private systemd, in the sandbox that `@sockact/units` writes. */
export class ManyApps implements AsyncDisposable {
  readonly #systemd: PrivateSystemd;
  readonly #names: readonly string[];

  private constructor(systemd: PrivateSystemd, names: readonly string[]) {
    this.#systemd = systemd;
    this.#names = names;
  }

  /** Opens the sockets. No app runs yet. */
  static async install(node: string, count: number): Promise<ManyApps> {
    const systemd = await bootPrivateSystemd({ node });
    const names = Array.from({ length: count }, (_, index) => `many${index}`);
    const program = inside(systemd, new URL("../../examples/express/server.js", import.meta.url));
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
    await systemd.start(...names.map((name) => `${name}.socket`));
    return new ManyApps(systemd, names);
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
    await this.#systemd.stop(...this.#names.map((name) => `${name}.service`));
  }

  /** How many processes the apps have, and how much memory in MB. */
  async measure(): Promise<Record<string, number>> {
    const services = this.#names.map((name) => `${name}.service`);
    const shown = await this.#systemd.systemctl("show", "--property=MainPID", "--value", ...services);
    const pids = shown.split(/\s+/).filter((pid) => Number(pid) > 0);
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
