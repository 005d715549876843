import { readFileSync } from "node:fs";
import { type AppProcess, watchProcess } from "../../packages/testing/src/app-process.ts";
import { bootPrivateSystemd } from "../../packages/testing/src/boot-private-systemd.ts";
import type { PrivateSystemd } from "../../packages/testing/src/private-systemd.ts";
import { type AppDescription, emitUnits } from "../../packages/units/src/index.ts";
import { clientProgram, firstBytes } from "./first-byte.ts";

/** An app that sleeps until a client connects to its port. */
export interface SleepingApp {
  /** A module of this repository. */
  program: string;
  /** On 127.0.0.1, and different for each app. */
  port: number;
  /** More fields for its units. By default, the app is in the sandbox `inbound`. */
  units: Partial<AppDescription> & Pick<AppDescription, "type">;
}

/** The duration of a wake, in milliseconds. */
export interface Wake {
  /** From the connection to the first byte of the answer, for each app. */
  firstBytes: number[];
  /** The CPU time of all services, from the fork of systemd on: it includes the setup of the sandbox. */
  CPU: number;
}

/** Services of a real systemd, with the units that `@sockact/units` writes. */
export class SleepingApps implements AsyncDisposable {
  readonly systemd: PrivateSystemd;
  readonly #client: AppProcess;

  private constructor(systemd: PrivateSystemd) {
    this.systemd = systemd;
    this.#client = watchProcess(systemd.spawn([systemd.node, systemd.inside(clientProgram)]));
  }

  /** @param node the binary that the apps run on */
  static async boot(node: string, apps: readonly SleepingApp[]): Promise<SleepingApps> {
    const systemd = await bootPrivateSystemd({ node });
    const files = apps.map(({ program, port, units }) =>
      emitUnits({
        name: nameOf(port),
        exec: [systemd.node, systemd.inside(program)],
        sockets: [{ name: "http", listen: `127.0.0.1:${port}` }],
        hardening: "inbound",
        ...units,
      }),
    );
    try {
      await systemd.installUnits(Object.assign({}, ...files) as Record<string, string>);
      await systemd.start(...apps.map(({ port }) => `${nameOf(port)}.socket`));
    } catch (error) {
      await systemd.close();
      throw error;
    }
    return new SleepingApps(systemd);
  }

  /** Connects to all these apps at the same moment, and stops them after their answers. */
  async wake(apps: readonly Pick<SleepingApp, "port">[]): Promise<Wake> {
    const ports = apps.map(({ port }) => port);
    const services = ports.map((port) => `${nameOf(port)}.service`);
    const times = await firstBytes(this.#client, ports);
    // They have started. This waits until each is ready.
    await this.systemd.start(...services);
    const CPU = services.reduce((sum, service) => sum + this.#cpuTime(service), 0);
    await this.systemd.stop(...services);
    return { firstBytes: times, CPU };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.systemd.close();
  }

  /** From the control group of a service, in milliseconds. */
  #cpuTime(service: string): number {
    const file = this.systemd.hostPath(`/sys/fs/cgroup/system.slice/${service}/cpu.stat`);
    return Number(/^usage_usec (\d+)$/m.exec(readFileSync(file, "utf8"))![1]) / 1000;
  }
}

/** The name of the units. */
function nameOf(port: number): string {
  return `app-${port}`;
}
