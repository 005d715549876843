import { Load, type LoadResult, type OneLoad } from "@sockact/testkit";
import type { Fleet } from "./fleet.ts";

const balancer = "10.77.0.10";
/** Each answer names the address from which the client came. */
const answer = '"client":"10\\.77\\.0\\.1"';
const asking = (path: string) => ({
  answer,
  requests: [
    { method: "GET", path },
    { method: "POST", path, headers: { "content-type": "application/json" }, body: '{"text":"hello"}' },
  ],
});
const busy = { url: `http://${balancer}`, timeout: 30, ...asking("/slow") };
const thinking = { host: balancer, keepAlive: true, think: 400, away: 0, timeout: 30, ...asking("/") };
const webSockets = { think: 400, timeout: 30 };

const loads: OneLoad[] = [
  // These always have a request under way.
  ["busy", { ...busy, connections: 32, keepAlive: true }],
  // Each of these requests has a connection of its own.
  ["busy", { ...busy, connections: 16, keepAlive: false }],
  // These pause between two requests, and keep their connection: over HTTP, with TLS at HAProxy, and with TLS at the app.
  ["thinking", { ...thinking, port: 80, clients: 22, seed: 1 }],
  ["thinking", { ...thinking, port: 443, secure: true, clients: 21, seed: 100 }],
  ["thinking", { ...thinking, port: 8443, secure: true, clients: 21, seed: 200 }],
  ["webSockets", { ...webSockets, url: `http://${balancer}`, clients: 6, seed: 300 }],
  ["webSockets", { ...webSockets, url: `https://${balancer}`, clients: 5, seed: 400 }],
  ["webSockets", { ...webSockets, url: `https://${balancer}:8443`, clients: 5, seed: 500 }],
];

/** What the clients had during a scenario. */
export interface Experience {
  sent: number;
  /** Requests without a right answer, and messages without an echo, by reason. */
  failed: Record<string, number>;
  lost: number;
  /** How many WebSockets were closed with which code. With 1001, the host is going away, and the client connects again. */
  closed: Record<string, number>;
  /** The longest that a request took, in milliseconds. */
  longest: number;
}

/** Clients in the office: 32 busy ones, 16 that connect for each request, 64 that pause, and 16 WebSockets. */
export class Crowd implements AsyncDisposable {
  readonly #load: Load<"together">;

  private constructor(load: Load<"together">) {
    this.#load = load;
  }

  static async start({ office }: Fleet): Promise<Crowd> {
    return new Crowd(await Load.start(office.systemd, "together", { loads }));
  }

  /** Resolves once each client has had one more answer. */
  round(): Promise<void> {
    return this.#load.round();
  }

  /** Sends the clients away. */
  async leave(): Promise<Experience> {
    const { results } = await this.#load.result();
    return {
      sent: sum(results, ({ sent }) => sent),
      failed: sumByName(results.map(({ failed }) => failed)),
      lost: sum(results, ({ lost }) => lost),
      closed: sumByName(
        results.map((result) => ("closed" in result ? (result.closed as Record<string, number>) : {})),
      ),
      longest: Math.max(...results.map(({ longest }) => longest)),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#load[Symbol.asyncDispose]();
  }
}

const sum = (results: readonly LoadResult[], count: (result: LoadResult) => number): number =>
  results.reduce((total, result) => total + count(result), 0);

function sumByName(counts: Record<string, number>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const [name, count] of counts.flatMap(Object.entries) as [string, number][])
    total[name] = (total[name] ?? 0) + count;
  return total;
}
