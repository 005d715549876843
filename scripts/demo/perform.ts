import type { LoadResult } from "./clients.ts";
import { type Framework, type Stage, type StagedApp } from "./stage.ts";

/** The values of an app for the table. Times are in milliseconds. */
export interface Performance {
  framework: Framework;
  start: number;
  load: LoadResult;
  wake: number;
  score: string | undefined;
}

/** Prints the steps of an app. */
export interface Narrator {
  title(text: string): void;
  row(label: string, text: string): void;
}

/**
 * The number of clients that keep their connections, and the number that open a new connection for each
 * request.
 */
const KEEPING = 6;
const CLOSING = 4;

export const wholeMs = (milliseconds: number): string => `${Math.round(milliseconds)} ms`;
export const count = (number: number): string => number.toLocaleString("en");
const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

/**
 * Makes an app serve https, restart under load, sleep and wake. If a step fails, the error contains the log
 * of the app.
 */
export async function perform(stage: Stage, framework: Framework, narrator: Narrator): Promise<Performance> {
  await using app = await stage.listen(framework);
  try {
    const start = await serve(stage, app, narrator);
    const load = await restartUnderLoad(stage, app, narrator);
    const wake = await sleepAndWake(stage, app, narrator);
    const score = await lookAtSandbox(stage, app, narrator);
    return { framework, start, load, wake, score };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const log = (await app.log()).slice(-20).map((line) => `  ${line}`);
    throw new Error([message, `The log of ${framework}:`, ...log].join("\n"), { cause: error });
  }
}

async function serve({ clients }: Stage, app: StagedApp, { title, row }: Narrator): Promise<number> {
  title(`${app.framework} serves https`);
  row("listening", `${await app.listening()}; no app runs yet`);
  const { body, milliseconds } = await clients.get(`${app.https}/`);
  row("request", `${app.https}/ answered in ${wholeMs(milliseconds)}, app start included`);
  const plain = await clients.get(`${app.http}/`);
  row("request", `${app.http}/ answered in ${wholeMs(plain.milliseconds)}`);
  row(
    "answered",
    `by pid ${body.pid} as uid ${body.uid}${body.uid === 0 ? "" : ", not root"}; certificate verified`,
  );
  return milliseconds;
}

async function restartUnderLoad(
  { clients }: Stage,
  app: StagedApp,
  { title, row }: Narrator,
): Promise<LoadResult> {
  title(`${app.framework} restarts under load`);
  row("clients", `${KEEPING} keep their connections, ${CLOSING} open a new one for each request`);
  const pid = await clients.startLoad(`${app.https}/`, KEEPING, CLOSING);
  await app.restart(pid);
  const load = await clients.endLoad();
  row("restart", `${app.restartReason}: pid ${load.pids.join(", then pid ")}`);
  const failed = Object.entries(load.failed);
  const lost = failed.reduce((sum, [, times]) => sum + times, 0);
  row("requests", `${count(load.requests)} sent, ${lost} failed; the longest took ${wholeMs(load.longest)}`);
  if (lost === 0) return load;
  const reasons = failed.map(([reason, times]) => `${reason} (${times})`).join(", ");
  throw new Error(`${lost} of ${count(load.requests)} requests failed during the restart: ${reasons}`);
}

async function sleepAndWake({ clients }: Stage, app: StagedApp, { title, row }: Narrator): Promise<number> {
  title(`${app.framework} sleeps, and wakes`);
  const { body: before } = await clients.get(`${app.https}/`);
  await app.untilAsleep(before.pid);
  row(
    "asleep",
    `${app.idleTimeout} ms without a connection: pid ${before.pid} and its ${megabytes(before.memory)} are gone`,
  );
  row("listening", `${await app.listening()}, as before`);
  const { body, milliseconds } = await clients.get(`${app.https}/`);
  row("request", `answered in ${wholeMs(milliseconds)}, by the new pid ${body.pid}`);
  return milliseconds;
}

async function lookAtSandbox(
  { clients }: Stage,
  app: StagedApp,
  { title, row }: Narrator,
): Promise<string | undefined> {
  const score = await app.score();
  if (score === undefined) return undefined;
  title(`${app.framework} is in a sandbox`);
  row("score", `${score} in systemd-analyze security; 10 is the worst`);
  const { body } = await clients.get<string>(`${app.https}/connect`);
  row("no network", `when the app itself connects to port 443, it gets ${body}`);
  if (body === "connected")
    throw new Error("The app opened a connection, although its sandbox has no network.");
  return score;
}
