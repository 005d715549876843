import { type AppDescription, emitUnits } from "@sockact/units";
import { bootPrivateSystemd } from "./boot-private-systemd.ts";
import { Load } from "./load.ts";
import type { Loads } from "./loads.ts";
import { preloading } from "./preload.ts";
import type { PrivateSystemd } from "./private-systemd.ts";

type Description = Omit<Partial<AppDescription>, "name" | "exec">;

/** An app on port 80 of a private systemd, with units of @sockact/units. */
export class AppUnderLoad implements AsyncDisposable {
  readonly systemd: PrivateSystemd;
  readonly url = "http://127.0.0.1";
  /** A string that appears only in the app's command line. */
  command = "";

  /** The variables of each app. */
  readonly #environment: Record<string, string>;

  private constructor(systemd: PrivateSystemd, preload: string | undefined) {
    this.systemd = systemd;
    this.#environment = preloading(preload && systemd.inside(preload));
  }

  /** @param preload a module of the project that Node loads before each app */
  static async boot(preload?: string): Promise<AppUnderLoad> {
    return new AppUnderLoad(await bootPrivateSystemd(), preload);
  }

  /**
   * Stops the services of the previous units, writes the new units, and starts the socket.
   *
   * @param program the app, a module of the project
   */
  async install(program: string, { environment, ...description }: Description = {}): Promise<void> {
    this.command = this.systemd.inside(program);
    await this.installService({
      name: "app",
      exec: [this.systemd.node, this.command],
      sockets: [{ listen: 80, noDelay: true }],
      type: "notify",
      environment: { ...this.#environment, ...environment },
      ...description,
    });
  }

  /** As {@link install}, for any service. */
  async installService(description: AppDescription): Promise<void> {
    const { systemd } = this;
    const { name } = description;
    // Patterns match only existing units. Since systemd 262, systemctl stops nothing if one of the named
    // units is missing.
    await systemd.systemctl("stop", `${name}.*`, `${name}@*`, `${name}-*`);
    await systemd.systemctl("reset-failed");
    const units = emitUnits(description);
    await systemd.installUnits(units);
    await systemd.start(...Object.keys(units).filter((unit) => unit.endsWith(".socket")));
  }

  /** Starts a load, with the app's address and a seed for its random numbers. */
  load<Kind extends keyof Loads>(
    kind: Kind,
    options: Omit<Loads[Kind]["options"], "url" | "host" | "port" | "seed"> & { port?: number },
  ): Promise<Load<Kind>> {
    const all = { url: this.url, host: "127.0.0.1", port: 80, seed: 1, ...options };
    return Load.start(this.systemd, kind, all as unknown as Loads[Kind]["options"]);
  }

  /** The main process of the app; 0 if there is none. */
  async pid(unit = "app.service"): Promise<number> {
    return Number(await this.systemd.show(unit, "MainPID"));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.systemd.close();
  }
}
