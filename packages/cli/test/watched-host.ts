// A host whose metrics a real Prometheus scrapes: a private systemd with apps of programs/watched.mjs.
import { bootPrivateSystemd, type CommandResult, type PrivateSystemd } from "@sockact/testkit";
import { type AppDescription, emitUnits } from "@sockact/units";
import { sockactInside } from "./run.ts";

/** What an app of programs/watched.mjs does. */
export interface Settings {
  /** Whether its start fails, and its reload. */
  broken?: boolean;
  /** How long its start takes, in milliseconds. */
  startsIn?: number;
  /** Whether its health check fails. */
  unhealthy?: boolean;
}

/** A series of Prometheus, with its last value. */
export interface Series {
  metric: Readonly<Record<string, string>>;
  value: number;
}

/** A series of Prometheus, with its samples: the time in seconds, and the value. */
export interface Recorded {
  metric: Readonly<Record<string, string>>;
  samples: readonly (readonly [time: number, value: number])[];
}

/** The requests to Prometheus, and what must be installed for it. */
export const neededPrograms = ["prometheus", "dbus-daemon"] as const;

const PROMETHEUS = "http://127.0.0.1:9090/api/v1";

/** A private systemd with the endpoint of `sockact metrics install`, and Prometheus. */
export class WatchedHost implements AsyncDisposable {
  readonly systemd: PrivateSystemd;

  private constructor(systemd: PrivateSystemd) {
    this.systemd = systemd;
  }

  /** Installs the endpoint, and starts Prometheus. */
  static async boot({
    interval,
    rules = "groups: []\n",
  }: {
    /** How often Prometheus scrapes. A scrape that takes longer fails, and `for` of an alert begins again. */
    interval: string;
    rules?: string;
  }): Promise<WatchedHost> {
    const host = new WatchedHost(await bootPrivateSystemd());
    const { systemd } = host;
    await host.mustSockact("metrics", "install", "--yes");
    await systemd.write("/etc/prometheus/rules.yml", rules);
    const config = {
      global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: "1s" },
      rule_files: ["rules.yml"],
      scrape_configs: [{ job_name: "sockact", static_configs: [{ targets: ["127.0.0.1:9464"] }] }],
    };
    // JSON is YAML, too.
    await systemd.write("/etc/prometheus/prometheus.yml", JSON.stringify(config));
    systemd.spawn([
      "prometheus",
      "--config.file=/etc/prometheus/prometheus.yml",
      "--storage.tsdb.path=/run/prometheus",
      "--web.listen-address=127.0.0.1:9090",
      "--log.level=error",
    ]);
    await systemd.waitUntil(
      async () => (await host.query("up == 1").catch(() => [])).length === 1,
      "Prometheus has scraped the endpoint",
      60_000,
    );
    return host;
  }

  /** Installs an app, and starts its sockets. Its first port is `port`. */
  async install(
    name: string,
    port: number,
    { settings = {}, ...description }: Partial<AppDescription> & { settings?: Settings } = {},
  ): Promise<void> {
    const { systemd } = this;
    await this.set(name, settings);
    const units = emitUnits({
      name,
      exec: [systemd.node, `${systemd.project}/packages/cli/test/programs/watched.mjs`, name],
      type: "notify",
      sockets: [{ listen: port }],
      ...description,
    });
    // systemd-analyze would take longer than the rest.
    await systemd.installUnits(units, { verify: false });
    // As an installed app: systemd forgets a stopped socket that nothing wants.
    const sockets = Object.keys(units).filter((unit) => unit.endsWith(".socket"));
    await systemd.systemctl("enable", "--now", ...sockets);
  }

  /** Changes what an app does at its next start, reload or probe. */
  async set(name: string, settings: Settings): Promise<void> {
    await this.systemd.write(`/etc/${name}.json`, JSON.stringify(settings));
  }

  /** Runs `sockact`. */
  sockact(...args: string[]): Promise<CommandResult> {
    return this.systemd.run([...sockactInside(this.systemd), ...args], { timeout: 60_000 });
  }

  async mustSockact(...args: string[]): Promise<string> {
    return this.systemd.mustRun([...sockactInside(this.systemd), ...args], { timeout: 60_000 });
  }

  /** Sends a request to a port, and returns the status of the answer, or the code of the error. */
  async ask(port: number, path = "/"): Promise<number | string> {
    try {
      return (await this.systemd.request(`http://127.0.0.1:${port}${path}`)).status;
    } catch (error) {
      return String((error as NodeJS.ErrnoException).code);
    }
  }

  /** Evaluates a query. */
  async query(text: string): Promise<Series[]> {
    const { body } = await this.systemd.request(`${PROMETHEUS}/query?query=${encodeURIComponent(text)}`);
    const { data, error } = JSON.parse(body) as {
      data?: { result: { metric: Record<string, string>; value: [number, string] }[] };
      error?: string;
    };
    if (data === undefined) throw new Error(`Prometheus can't evaluate ${text}: ${error}`);
    return data.result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
  }

  /** All samples of these metrics in the last hour: the time in seconds, and the value. */
  async recorded(metrics: readonly string[]): Promise<Recorded[]> {
    const text = `{__name__=~"${metrics.join("|")}"}[1h]`;
    const { body } = await this.systemd.request(`${PROMETHEUS}/query?query=${encodeURIComponent(text)}`);
    const { data } = JSON.parse(body) as {
      data: { result: { metric: Record<string, string>; values: [number, string][] }[] };
    };
    return data.result.map(({ metric, values }) => ({
      metric,
      samples: values.map(([time, value]) => [time, Number(value)] as const),
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.systemd.close();
  }
}
