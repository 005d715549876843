// What clients lose when an app on a port of its own stops, as in a container.
//
// npm run bench -- stop [--protocol http] [--runs N] [--only TEXT] [--out FILE]
//
// --protocol NAME  http, https or ws (WebSockets)
//
// Two instances are behind a balancer of TCP connections. One gets SIGTERM, and SIGKILL after 12 s. The
// balancer takes it out of rotation D seconds later, as Kubernetes does, or 3 s before (preStop). Alone: the
// only instance is stopped, and started again when it has ended, as `docker restart` does. 20 clients think up
// to a second between their requests, 2 do not think, one opens a connection for each request, and one
// downloads for 2.5 s. All are 20 ms away. With ws, 20 WebSockets send messages, and connect again when they
// were closed. No client and no balancer sends anything again.
//
// cut: the connection was reset, or ended before the answer. refused: nothing listened.
import { createConnection } from "node:net";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freeAddress } from "../../packages/testing/src/addresses.ts";
import { type AppProcess, startProcess } from "../../packages/testing/src/app-process.ts";
import { Balancer } from "../lib/balancer.ts";
import { type Bench, wrongOption } from "../lib/bench.ts";
import { armsNamed, compare } from "../lib/compare.ts";
import type { Figure } from "../lib/measured.ts";
import { fileOf, installPeers } from "../lib/peers.ts";
import { type Protocol, StopClients, type Tally } from "../lib/stop-clients.ts";

const seconds = 1000;
/** How long the clients are there before something happens. */
const BEFORE = 1.5 * seconds;
const PRE_STOP = 3 * seconds;
const GRACE = 12 * seconds;
/** How long the clients stay after the end of the instance. */
const AFTER = 1 * seconds;
/** Half of the round trip, in milliseconds. */
const LATENCY = 10;

const VARIANTS = [
  "nothing",
  "close",
  "Connection: close",
  "http-terminator",
  "stoppable",
  "terminus",
  "terminus, delayed",
  "http-graceful-shutdown",
  "http-graceful-shutdown, delayed",
  "close-with-grace",
  "fastify",
  "sockact, signals",
  "sockact, stopDelay",
  "sockact, fastify",
  "sockact, preload",
];
/** Those that have an answer for WebSockets or TLS, and what they are compared with. */
const FEW = ["nothing", "close", "stoppable", "sockact, signals", "sockact, stopDelay"];

/** When the balancer takes the instance out of rotation, after SIGTERM. Undefined if it is alone. */
const SITUATIONS: readonly [name: string, delay: number | undefined][] = [
  ["D = 0", 0],
  ["D = 1", 1 * seconds],
  ["D = 3", 3 * seconds],
  ["preStop", -PRE_STOP],
  ["alone", undefined],
];

const preload = fileURLToPath(new URL("../../packages/register/dist/index.cjs", import.meta.url));

async function start(variant: string, protocol: Protocol, port: number): Promise<AppProcess> {
  const isPreloaded = variant === "sockact, preload";
  const app = startProcess(
    [process.execPath, ...(isPreloaded ? ["--require", preload] : []), fileOf("shutdown", "app.mjs")],
    {
      env: {
        PORT: String(port),
        VARIANT: variant,
        PROTOCOL: protocol,
        ...(isPreloaded && { SOCKACT_STOP_DELAY: "4500ms", SOCKACT_DRAIN_TIMEOUT: "5s" }),
      },
    },
  );
  while (!(await isListening(port))) await delay(20);
  return app;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: "127.0.0.1" });
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

async function freePort(): Promise<number> {
  return Number((await freeAddress("tcp4")).split(":").at(-1));
}

/** Stops one instance under load. Returns what the clients lost. */
async function stopOnce(variant: string, protocol: Protocol, outAfter: number | undefined): Promise<Tally> {
  const isAlone = outAfter === undefined;
  const port = await freePort();
  const ports = isAlone ? [port] : [port, await freePort()];
  const apps = await Promise.all(ports.map((each) => start(variant, protocol, each)));
  const [stopped] = apps as [AppProcess];
  using balancer = await Balancer.start(ports, LATENCY);
  const clients = new StopClients(balancer, protocol);
  await delay(BEFORE);
  if (!isAlone && outAfter < 0) {
    balancer.remove(port);
    await delay(-outAfter);
  }
  stopped.kill("SIGTERM");
  const out = isAlone ? undefined : setTimeout(() => balancer.remove(port), Math.max(0, outAfter));
  const grace = setTimeout(() => stopped.kill("SIGKILL"), GRACE);
  await stopped.ended;
  clearTimeout(grace);
  if (isAlone) apps.push(await start(variant, protocol, port));
  else await delay(Math.max(0, outAfter));
  await delay(AFTER);
  clearTimeout(out);
  const tally = await clients.end();
  for (const app of apps) app.kill();
  return tally;
}

const figures: Figure[] = SITUATIONS.flatMap(([name]) =>
  ["cut", "refused", "requests"].map((what): Figure => ({
    name: `${name}, ${what}`,
    unit: "",
    better: what === "requests" ? "higher" : "lower",
  })),
);

export const bench: Bench = {
  runs: 3,
  options: { protocol: { type: "string", default: "http" } },
  isExtra: true,
  async measure({ runs, only, options: { protocol = "" } }) {
    if (!["http", "https", "ws"].includes(protocol))
      throw wrongOption(`--protocol must be http, https or ws; got ${protocol}`);
    await installPeers("shutdown");
    const arms = armsNamed(
      (protocol === "http" ? VARIANTS : FEW).map((name) => ({
        name,
        against: name,
        async measure() {
          // At the same time, as most of it is waiting.
          const values = SITUATIONS.map(async ([situation, outAfter]) => {
            const tally = await stopOnce(name, protocol as Protocol, outAfter);
            return Object.entries(tally).map(([what, value]) => [`${situation}, ${what}`, value as number]);
          });
          return Object.fromEntries((await Promise.all(values)).flat()) as Record<string, number>;
        },
      })),
      only,
    );
    const title = `Lost at a stop on an ordinary port, ${protocol}`;
    const goals = arms
      .filter(({ name }) => name.startsWith("sockact") && name !== "sockact, signals")
      .flatMap(({ name }) =>
        figures
          .filter((figure) => /cut|refused/.test(figure.name) && !figure.name.startsWith("alone"))
          .map((figure) => ({ arm: name, figure: figure.name, of: "most" as const, atMost: 0 })),
      );
    return [await compare({ title, figures, goals }, arms, runs, 0)];
  },
};
