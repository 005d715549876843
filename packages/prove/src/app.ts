import {
  type AppRequest,
  type AskedFor,
  during,
  Load,
  type LoadResult,
  type PrivateResponse,
  type PrivateSystemd,
} from "@sockact/testing";
import type { Machine } from "./machine.ts";

/** What the clients of the app ask for. */
export interface Asking extends AskedFor {
  readonly requests: readonly AppRequest[];
  readonly status: number;
}

/** The address of the app inside. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  /** A unix socket, instead of the host and the port. */
  readonly socketPath?: string | undefined;
}

/** Sums over all clients of a load. */
export interface Sums {
  readonly sent: number;
  readonly lost: number;
  readonly resets: number;
  readonly longest: number;
  /** How long it took until each client had one more answer, in milliseconds, with the action before. */
  readonly rounds: readonly number[];
  /** Why requests failed, and how often. */
  readonly failed: Readonly<Record<string, number>>;
}

/** A property of a unit, in milliseconds of the monotonic clock. */
const MONOTONIC = "TimestampMonotonic";

/** The installed app, while it is tried. */
export class App {
  readonly machine: Machine;
  readonly name: string;
  readonly service: string;
  readonly sockets: readonly string[];
  readonly address: Address;
  readonly asking: Asking;
  #turn = 0;

  constructor(
    machine: Machine,
    {
      name,
      service,
      sockets,
      address,
      asking,
    }: Pick<App, "name" | "service" | "sockets" | "address" | "asking">,
  ) {
    this.machine = machine;
    this.name = name;
    this.service = service;
    this.sockets = sockets;
    this.address = address;
    this.asking = asking;
  }

  get systemd(): PrivateSystemd {
    return this.machine.systemd;
  }

  get url(): string {
    const { host, port, secure, socketPath } = this.address;
    const name = host.includes(":") ? `[${host}]` : host;
    return socketPath === undefined ? `${secure ? "https" : "http"}://${name}:${port}` : "http://localhost";
  }

  /** Sends a request; by default, the next one of those that all clients send. */
  request({ path, ...request }: AppRequest = this.nextRequest(), timeout = 30_000): Promise<PrivateResponse> {
    const { socketPath } = this.address;
    return this.systemd.request({ ...request, url: `${this.url}${path}`, socketPath, timeout });
  }

  nextRequest(): AppRequest {
    const { requests } = this.asking;
    return requests[this.#turn++ % requests.length]!;
  }

  /** Whether an answer is the expected one. */
  isExpected({ status, body }: PrivateResponse): boolean {
    const { status: expected, answer = "" } = this.asking;
    return status === expected && new RegExp(answer).test(body);
  }

  show(property: string): Promise<string> {
    return this.systemd.show(this.service, property);
  }

  /** When a state of the service began, in milliseconds of the monotonic clock. */
  async when(state: "ActiveEnter" | "InactiveEnter" | "InactiveExit" | "ActiveExit"): Promise<number> {
    return Number(await this.show(`${state}${MONOTONIC}`)) / 1000;
  }

  /** Stops the service. Returns whether it has ended by itself, not by SIGKILL, and with success. */
  async stop(): Promise<boolean> {
    await this.systemd.systemctl("stop", this.service);
    const result = await this.show("Result");
    if (result === "success") return true;
    // Each further stop would take as long.
    if (result === "timeout") await this.limitStops("3s");
    await this.systemd.systemctl("reset-failed", this.service);
    return false;
  }

  /**
   * Sets `TimeoutStopSec=`. The default of systemd is 90 s, for each stop of an app that ignores the signal.
   */
  async limitStops(time: string): Promise<void> {
    await this.dropIn("stop", [`TimeoutStopSec=${time}`]);
  }

  /** Adds lines to the unit, until the returned function is called. */
  async dropIn(name: string, lines: readonly string[]): Promise<() => Promise<void>> {
    const file = `/run/systemd/system/${this.service}.d/90-prove-${name}.conf`;
    await this.systemd.write(file, `[Service]\n${lines.join("\n")}\n`);
    await this.systemd.systemctl("daemon-reload");
    return async () => {
      await this.systemd.run(["rm", file]);
      await this.systemd.systemctl("daemon-reload");
    };
  }

  /** The processes of the service. */
  async pids(): Promise<number[]> {
    const cgroup = await this.show("ControlGroup");
    if (cgroup === "") return [];
    const { stdout } = await this.systemd.run(["cat", `/sys/fs/cgroup${cgroup}/cgroup.procs`]);
    return stdout.split("\n").filter(Boolean).map(Number);
  }

  /** Clients that always have a request under way, on kept and on new connections. */
  #busy(clients: number): Record<string, Promise<Load<"busy" | "thinking">>> {
    const { secure, socketPath } = this.address;
    const asked = { ...this.asking, timeout: 60 };
    const start = (keepAlive: boolean) =>
      secure
        ? Load.start(this.systemd, "thinking", {
            ...this.address,
            ...asked,
            clients,
            keepAlive,
            seed: 1,
            think: 0,
            away: 0,
          })
        : Load.start(this.systemd, "busy", {
            url: this.url,
            socketPath,
            connections: clients,
            keepAlive,
            ...asked,
          });
    return { kept: start(true), closed: start(false) };
  }

  /** Clients on kept connections that pause up to a second. */
  #thinking(clients: number): Record<string, Promise<Load<"busy" | "thinking">>> {
    const thinking = Load.start(this.systemd, "thinking", {
      ...this.address,
      clients,
      keepAlive: true,
      seed: 2,
      think: 1000,
      away: 20,
      ...this.asking,
      timeout: 60,
    });
    return { thinking };
  }

  /** Runs an action while twice so many clients ask without a pause. */
  async whileBusy(clients: number, action: () => Promise<void>): Promise<Sums> {
    return sumOf(Object.values(await during(this.#busy(clients), 1, action)));
  }

  /**
   * Lets twice so many clients ask without a pause, until each has had so many answers, but not longer than
   * this time in milliseconds.
   */
  async cycles(clients: number, count: number, most: number): Promise<Sums> {
    const loads = await Promise.all(Object.values(this.#busy(clients)));
    try {
      const end = performance.now() + most;
      for (let done = 0; done < count && performance.now() < end; done++)
        await Promise.all(loads.map((load) => load.round()));
      return sumOf(await Promise.all(loads.map((load) => load.result())));
    } finally {
      await Promise.all(loads.map((load) => load[Symbol.asyncDispose]()));
    }
  }

  /**
   * Runs an action several times while clients ask: twice so many without a pause, and twice so many that
   * pause. The first of {@link Sums.rounds} is without the action.
   */
  async underLoad(clients: number, times: number, action: () => Promise<void>): Promise<Sums> {
    const loads = { ...this.#busy(clients), ...this.#thinking(2 * clients) };
    const results = await during(loads, times + 1, async (count) => {
      if (count > 0) await action();
    });
    const { rounds, ...sums } = sumOf(Object.values(results));
    // The first one is that of the start of the clients.
    return { ...sums, rounds: rounds.slice(1) };
  }
}

function sumOf(results: readonly LoadResult[]): Sums {
  const failed: Record<string, number> = {};
  for (const result of results)
    for (const [reason, count] of Object.entries(result.failed))
      failed[reason] = (failed[reason] ?? 0) + count;
  const sum = (of: (result: LoadResult) => number) =>
    results.reduce((total, result) => total + of(result), 0);
  return {
    sent: sum(({ sent }) => sent),
    lost: sum(({ lost }) => lost),
    resets: sum(({ resets }) => resets),
    longest: Math.max(...results.map(({ longest }) => longest)),
    rounds: (results[0]?.phases ?? []).map((_, index) =>
      Math.max(...results.map(({ phases }) => 1000 * (phases[index]?.seconds ?? 0))),
    ),
    failed,
  };
}
