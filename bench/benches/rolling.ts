// The longest time that a new connection waits for its answer: with no restart, during rolling restarts, and during plain restarts.
import process from "node:process";
import { fileURLToPath } from "node:url";
import { AppUnderLoad } from "../../packages/testkit/src/app-under-load.ts";
import { during } from "../../packages/testkit/src/during.ts";

const TIMES = 10;

const app = await AppUnderLoad.boot();
const { systemd } = app;

/**
 * The longest wait of clients that make a connection for each request. Other clients think between their requests meanwhile, so the old process
 * can't end at once.
 */
async function longestWait(action: () => Promise<void>): Promise<number> {
  // The first start is not measured.
  await systemd.request(app.url);
  const loads = {
    fresh: app.load("busy", { connections: 4, keepAlive: false }),
    thinking: app.load("thinking", { clients: 64, keepAlive: true, think: 1000, away: 20 }),
  };
  const { fresh, thinking } = await during(loads, TIMES, action);
  const lost = fresh.lost + thinking.lost;
  if (lost > 0) throw new Error(`${lost} requests were lost`);
  return fresh.longest;
}

async function measure(framework: string): Promise<Record<string, number>> {
  const program = fileURLToPath(new URL(`../../packages/${framework}/test/apps/load.mjs`, import.meta.url));
  await app.install(program, { rolling: true });
  // Each restart brings a new process that has not compiled its code yet, which is slow by itself. So this is measured without a restart too.
  const started = await longestWait(async () => {});
  const rolling = await longestWait(() => app.roll());
  // By now, the process has compiled its code.
  const none = await longestWait(async () => {});
  await app.install(program);
  const plain = await longestWait(() => systemd.restart("app.service"));
  return { none, started, rolling, plain };
}

try {
  console.log(
    `Node ${process.version}, the longest of each in milliseconds; in brackets, times that with no restart`,
  );
  const rows: Record<string, Record<string, string>> = {};
  for (const framework of ["express", "koa", "fastify"]) {
    const { none = 0, started = 0, rolling = 0, plain = 0 } = await measure(framework);
    const shown = (value: number): string => `${value.toFixed(0)} (× ${(value / none).toFixed(1)})`;
    rows[framework] = {
      "no restart": none.toFixed(0),
      "no restart, just started": shown(started),
      [`${TIMES} rolling turns`]: shown(rolling),
      [`${TIMES} plain restarts`]: shown(plain),
    };
  }
  console.table(rows);
} finally {
  await systemd.close();
}
