import type { App } from "./app.ts";
import type { CauseCode } from "./causes.ts";
import { causesOf } from "./find-causes.ts";
import type { ProveEvent, ProveOptions } from "./options.ts";
import type { Cause, Check, CheckId } from "./report.ts";
import type { Outcome, Step, StepOptions } from "./step.ts";
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

/** Tries one promise. If it is broken, it tries it again with the witness, to find the cause. */
export async function tryStep(
  id: CheckId,
  app: App,
  { restarts = 3 }: ProveOptions,
  onEvent: (event: ProveEvent) => void = () => {},
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
