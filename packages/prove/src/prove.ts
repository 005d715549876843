import { realpathSync } from "node:fs";
import { type Address, App } from "./app.ts";
import { startBeside } from "./beside.ts";
import type { CauseCode } from "./causes.ts";
import { causesOf } from "./find-causes.ts";
import { type Installation, Machine } from "./machine.ts";
import type { ProveEvent, ProveOptions } from "./options.ts";
import { ProveError } from "./prove-error.ts";
import { type Cause, type Check, CHECKS, type CheckId, type Report } from "./report.ts";
import type { Outcome, Step, StepOptions } from "./step.ts";
import { diagnoseSilent } from "./silent.ts";
import { answer } from "./steps/answer.ts";
import { crash } from "./steps/crash.ts";
import { exposure } from "./steps/exposure.ts";
import { journal } from "./steps/journal.ts";
import { leak } from "./steps/leak.ts";
import { reload } from "./steps/reload.ts";
import { restart } from "./steps/restart.ts";
import { sandbox } from "./steps/sandbox.ts";
import { sleep } from "./steps/sleep.ts";
import { start } from "./steps/start.ts";
import { stop } from "./steps/stop.ts";
import { watchdog } from "./steps/watchdog.ts";
import { Witness } from "./witness.ts";
import type { WitnessLine } from "./witness-line.ts";

const STEPS: Record<CheckId, Step> = {
  start,
  answer,
  exposure,
  stop,
  restart,
  reload,
  sleep,
  crash,
  watchdog,
  sandbox,
  leak,
  journal,
};

/** What these find shows only the witness, so they are made twice in any case. */
const WITNESSED: ReadonlySet<CheckId> = new Set(["stop", "sandbox"]);

/**
 * Tries an app in a private systemd, and says which promises hold. Everything is removed at the end.
 *
 * @param entry the file that Node runs. Without it, the config of the folder, or its start script, as
 *   `sockact install` does it.
 * @throws {ProveError} if the app can't be tried
 */
export async function prove(
  entry: string | undefined,
  options: ProveOptions = {},
  onEvent: (event: ProveEvent) => void = () => {},
): Promise<Report> {
  const { signal } = options;
  signal?.throwIfAborted();
  const began = performance.now();
  // Node resolves links to the files of packages, which are compared with this path.
  const folder = realpathSync(options.folder ?? ".");
  await using machine = await Machine.boot(folder);
  signal?.throwIfAborted();
  onEvent({ event: "booted" });
  const end = () => void machine[Symbol.asyncDispose]();
  signal?.addEventListener("abort", end);
  try {
    const { name, checks } = await tryIn(machine, entry, options, onEvent);
    return {
      format: 1,
      app: name,
      target: entry ?? options.config ?? "",
      versions: await machine.versions(),
      held: checks.every(({ verdict }) => verdict !== "broken"),
      checks,
      seconds: (performance.now() - began) / 1000,
    };
  } catch (error) {
    signal?.throwIfAborted();
    if (await machine.isAlive()) throw error;
    throw new ProveError(
      "SOCKACT_ERR_PROVE_UNAVAILABLE",
      "the systemd in which the app was tried has ended: something has killed it",
      "The kernel does so if the memory does not suffice: dmesg shows it.",
      { cause: error },
    );
  } finally {
    signal?.removeEventListener("abort", end);
  }
}

async function tryIn(
  machine: Machine,
  entry: string | undefined,
  options: ProveOptions,
  onEvent: (event: ProveEvent) => void,
): Promise<{ name: string; checks: Check[] }> {
  const cwd = machine.systemd.inside(machine.folder);
  for (const command of options.with ?? []) await startBeside(machine.systemd, command, cwd);
  const installation = await machine.install([
    ...(options.config === undefined ? [] : ["--config", options.config]),
    ...(options.installOptions ?? []),
    // Its name may begin with a hyphen.
    ...(entry === undefined ? [] : ["--", entry]),
  ]);
  onEvent({ event: "installed" });
  const { name } = installation;
  const app = await open(machine, installation, options);
  await app.limitStops("30s");
  const checks: Check[] = [];
  const end = (check: Check): void => {
    checks.push(check);
    onEvent({ event: "checked", check });
  };
  if (installation.answers.every(isOther)) {
    const ids = CHECKS.filter((each) => options.only?.includes(each) ?? true);
    for (const id of ids)
      end({ id, verdict: "untried", figures: {}, causes: [], reason: "noHttp", seconds: 0 });
    return { name, checks };
  }
  if (!installation.answers.some(isAnswer)) {
    const began = performance.now();
    onEvent({ event: "diagnosis", id: "start" });
    const causes = await diagnoseSilent(machine, app);
    const seconds = (performance.now() - began) / 1000;
    end({ id: "start", verdict: "broken", figures: {}, causes, seconds });
    return { name, checks };
  }
  for (const id of CHECKS.filter((each) => options.only?.includes(each) ?? true)) {
    options.signal?.throwIfAborted();
    onEvent({ event: "check", id });
    end(await tryStep(id, app, options, onEvent));
  }
  return { name, checks };
}

const isAnswer = ({ outcome }: Installation["answers"][number]): boolean => outcome === "http";

/** It answers, but to no request that can be made here: without HTTP, by a proxy, or on an abstract socket. */
const isOther = ({ outcome }: Installation["answers"][number]): boolean =>
  ["other", "proxy", "unasked"].includes(outcome);

/** The installed app. If it answers HTTP, the status of its first answer is the expected one. */
async function open(
  machine: Machine,
  { answers, ...installed }: Installation,
  { path = "/", status }: ProveOptions,
): Promise<App> {
  const answered = answers.find(isAnswer);
  const address = addressOf((answered ?? answers[0])?.url ?? "http://localhost");
  const of = (expected: number): App =>
    new App(machine, { ...installed, address, asking: { path, status: expected } });
  if (status !== undefined || answered === undefined) return of(status ?? 200);
  const { status: first } = await of(200).request();
  // Then each answer of the app is a failure.
  return of(first < 500 ? first : 200);
}

function addressOf(url: string): Address {
  if (url.startsWith("/")) return { host: "localhost", port: 0, secure: false, socketPath: url };
  const { protocol, hostname, port } = new URL(url);
  const secure = protocol === "https:";
  return {
    host: hostname === "localhost" ? "127.0.0.1" : hostname.replaceAll(/[[\]]/g, ""),
    port: Number(port || (secure ? 443 : 80)),
    secure,
  };
}

async function tryStep(
  id: CheckId,
  app: App,
  { restarts = 3 }: ProveOptions,
  onEvent: (event: ProveEvent) => void,
): Promise<Check> {
  const began = performance.now();
  const step = STEPS[id];
  const unwatched = (): Promise<Outcome> => run(step, app, { restarts, isWitnessed: false });
  let found = await unwatched();
  const { isDoubtful = false } = found;
  let { verdict, figures = {}, causes = [] } = found;
  const isBroken = verdict === "broken";
  const hasPlaces = causes.some(({ places }) => places.length > 0);
  if ((isBroken && !hasPlaces) || (WITNESSED.has(id) && verdict === "held")) {
    if (isBroken) onEvent({ event: "diagnosis", id });
    const watched = await watch(id, app, isDoubtful ? restarts : 1);
    const again = watched ?? (isDoubtful ? { outcome: await unwatched(), lines: [] } : undefined);
    if (again !== undefined) {
      const { outcome, lines } = again;
      if (isDoubtful && outcome.verdict !== "broken") {
        found = outcome;
        ({ verdict, figures = {}, causes = [] } = found);
      } else {
        causes = causesOf(id, { lines, outcome, causes, folder: app.machine.folder });
        if (outcome.verdict === "broken" || causes.length > 0) verdict = "broken";
      }
      if (id === "sandbox") figures = { ...figures, ...refusalsIn(causes) };
    }
  }
  const { reason, problem } = found;
  return {
    id,
    verdict,
    figures,
    causes,
    seconds: (performance.now() - began) / 1000,
    ...(reason !== undefined && { reason }),
    ...(problem !== undefined && { problem }),
  };
}

/** Makes a step with the witness. Returns undefined if it does not see the app. */
async function watch(
  id: CheckId,
  app: App,
  restarts: number,
): Promise<{ outcome: Outcome; lines: WitnessLine[] } | undefined> {
  const witness = await Witness.attach(app);
  try {
    if (!witness.isWatching) return undefined;
    const outcome = await run(STEPS[id], app, { restarts, isWitnessed: true });
    if (id === "leak") await witness.ask("open");
    if (id === "sleep") await witness.ask("awake");
    return { outcome, lines: await witness.lines() };
  } finally {
    await witness.remove();
  }
}

/** How often it has left its sandbox: each place of the app counts once. */
function refusalsIn(causes: readonly Cause[]): Check["figures"] {
  const count = (code: CauseCode): number => causes.filter((cause) => cause.code === code).length;
  return { writes: count("SOCKACT_PROVE_WRITE"), refused: count("SOCKACT_PROVE_REFUSED") };
}

/**
 * A step that can't go on has found that the app does not do what is asked of it. Or the machine was too slow, so it is
 * doubtful.
 */
async function run(step: Step, app: App, options: StepOptions): Promise<Outcome> {
  try {
    return await step(app, options);
  } catch (error) {
    if (!(await app.machine.isAlive())) throw error;
    const [problem = ""] = String(error instanceof Error ? error.message : error).split("\n");
    return { verdict: "broken", problem, isDoubtful: true };
  }
}
