// What grows while an app runs for long: the heap, the open descriptors, and the lines in the journal.
//
// npm run bench -- soak [--minutes N] [--only TEXT] [--out FILE]
//
// --minutes N  how long each app runs, 60 by default
//
// It needs root and systemd. An app of each framework has HTTP, TLS, WebSockets, a watchdog and idle clients,
// and sends the connections of one socket to a child process. Each runs twice: one process all the time, and
// one with a reload each minute, which hands over. All of them run at the same time, and their clients mostly
// wait. Each minute, the bench looks at the main process. "an hour" is the slope of the line through these
// looks, the first two minutes left out.
import { readdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { linearRegression, median } from "simple-statistics";
import { AppUnderLoad } from "../../packages/testing/src/app-under-load.ts";
import { type Bench, countOf, wrongOption } from "../lib/bench.ts";
import { armsNamed } from "../lib/compare.ts";
import type { Figure, Goal, MeasuredArm } from "../lib/measured.ts";

const MINUTE = 60_000;
/** How long clients have to reconnect after a reload, in milliseconds. */
const SETTLED = 15_000;
/** In minutes. Node compiles its code then, and fills its caches. */
const WARM_UP = 2;

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

interface Look {
  minute: number;
  /** In MB, after a collection. */
  heap: number;
  descriptors: number;
  /** Of all processes of the service. */
  lines: number;
}

const figures: Figure[] = [
  ["heap", "MB"],
  ["heap, an hour", "MB"],
  ["descriptors", ""],
  ["descriptors, an hour", ""],
  ["lines, a minute", ""],
  ["lines, the last minute", ""],
].map(([name = "", unit = ""]) => ({ name, unit, better: "lower" }));

const arms = ["express", "koa", "fastify"].flatMap((framework) =>
  [false, true].map((reloads) => {
    const name = `${framework}${reloads ? ", a handover each minute" : ""}`;
    return { name, against: name, framework, reloads };
  }),
);

const goals = arms.flatMap(({ name: arm }): Goal[] => [
  { arm, figure: "heap, an hour", of: "value", atMost: 2 },
  { arm, figure: "descriptors, an hour", of: "value", atMost: 3 },
]);

export const bench: Bench = {
  runs: 1,
  needs: ["private systemd"],
  options: { minutes: { type: "string", default: "60" } },
  isExtra: true,
  async measure({ only, options }) {
    const minutes = countOf("minutes", options["minutes"]);
    if (minutes < WARM_UP + 3) throw wrongOption(`--minutes must be ${WARM_UP + 3} or more; got ${minutes}`);
    const measured = await Promise.all(
      armsNamed(arms, only).map(async ({ name, framework, reloads }): Promise<MeasuredArm> => ({
        name,
        against: name,
        values: valuesOf(await soak(framework, { reloads, minutes })),
      })),
    );
    return [{ title: `${minutes} minutes of an app`, figures, arms: measured, goals }];
  },
};

async function soak(
  framework: string,
  { reloads, minutes }: { reloads: boolean; minutes: number },
): Promise<Look[]> {
  await using app = await AppUnderLoad.boot(file("../programs/soak-part.mjs"));
  await app.install(file(`../../packages/${framework}/test/apps/load.mjs`), {
    sockets: [
      { listen: 80, name: "http" },
      { listen: 443, name: "https" },
      { listen: 8080, name: "child" },
    ],
    environment: { TLS: "yes" },
    handover: true,
    watchdogSec: "10s",
  });
  await app.systemd.start("app.service");
  const clients = { clients: 8, think: 1000, away: 1, keepAlive: true };
  await using idle = await app.load("idle", { clients: 100, timeout: 60 });
  await using plain = await app.load("thinking", clients);
  await using secure = await app.load("thinking", { ...clients, port: 443, secure: true });
  await using sent = await app.load("thinking", { ...clients, port: 8080, keepAlive: false });
  await using webSockets = await app.load("webSockets", { clients: 8, think: 1000 });
  const looks: Look[] = [];
  for (let minute = 1; minute <= minutes; minute++) {
    await delay(MINUTE);
    if (reloads) {
      await app.systemd.systemctl("reload", "app.service");
      await delay(SETTLED);
    }
    looks.push({ minute, ...(await lookAt(app)) });
  }
  for (const load of [plain, secure, webSockets]) {
    const { lost } = await load.result();
    if (lost > 0) throw new Error(`${framework}: ${lost} requests were lost`);
  }
  await Promise.all([idle.result(), sent.result()]);
  return looks;
}

async function lookAt({ systemd }: AppUnderLoad): Promise<Omit<Look, "minute">> {
  const journal = (): Promise<readonly string[]> => systemd.journal("app.service");
  const heaps = async (): Promise<string[]> => (await journal()).filter((line) => line.startsWith("heap: "));
  const before = (await heaps()).length;
  await systemd.systemctl("kill", "--signal=USR2", "--kill-whom=main", "app.service");
  await systemd.waitUntil(async () => (await heaps()).length > before, "the app has said its heap");
  const heap = Number((await heaps()).at(-1)?.split(" ")[1]) / 2 ** 20;
  const lines = (await journal()).filter((line) => !/^heap: |Sent signal SIGUSR2/.test(line)).length;
  const pid = await systemd.show("app.service", "MainPID");
  return { heap, lines, descriptors: readdirSync(systemd.hostPath(`/proc/${pid}/fd`)).length };
}

function valuesOf(looks: readonly Look[]): Record<string, number[]> {
  const counted = looks.slice(WARM_UP);
  const slope = (figure: "heap" | "descriptors"): number =>
    60 * linearRegression(counted.map((look) => [look.minute, look[figure]])).m;
  const perMinute = counted.slice(1).map((look, index) => look.lines - counted[index]!.lines);
  const values = [
    median(counted.map(({ heap }) => heap)),
    slope("heap"),
    median(counted.map(({ descriptors }) => descriptors)),
    slope("descriptors"),
    median(perMinute),
    perMinute.at(-1)!,
  ];
  return Object.fromEntries(figures.map(({ name }, index) => [name, [values[index]!]]));
}
