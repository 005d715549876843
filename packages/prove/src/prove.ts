import process from "node:process";
import { basename, resolve } from "node:path";
import { App, type Address } from "./app.ts";
import { causesOf } from "./find-causes.ts";
import { Machine, type Installation } from "./machine.ts";
import type { ProveEvent, ProveOptions } from "./options.ts";
import { type Cause, type Check, CHECKS, type CheckId, type Report } from "./report.ts";
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
import type { Outcome, Step, StepOptions } from "./step.ts";
import { Witness } from "./witness.ts";

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

/** These need the witness: without it, they can't be tried. */
const WITNESSED: ReadonlySet<CheckId> = new Set(["sandbox", "stop"]);

/**
 * Tries an app in a private systemd, and says which promises hold.
 *
 * @param entry the file that Node runs. Without it, the config of the folder, or its start script, as
 *   `sockact install` does it.
 */
export async function prove(
  entry: string | undefined,
  options: ProveOptions = {},
  onEvent: (event: ProveEvent) => void = () => {},
): Promise<Report> {
  const began = performance.now();
  const folder = resolve(options.folder ?? ".");
  await using machine = await Machine.boot(folder);
  onEvent({ event: "booted" });
  const config = options.config === undefined ? [] : ["--config", options.config];
  const target = entry === undefined ? [] : [entry];
  const installed = await machine.install([...target, ...config, ...(options.installOptions ?? [])]);
  onEvent({ event: "installed" });
  const checks: Check[] = [];
  const { app, failure } = await open(machine, installed, options);
  for (const id of options.only ?? CHECKS) {
    if (app === undefined && id !== "start") continue;
    onEvent({ event: "check", id });
    const check = app === undefined ? failure! : await tryStep(id, app, options, onEvent);
    checks.push(check);
    onEvent({ event: "checked", check });
  }
  return {
    format: 1,
    app: installed.ok ? installed.name : basename(folder),
    target: entry ?? options.config ?? "",
    versions: { sockact: "", node: process.versions.node, systemd: 0 },
    held: checks.every(({ verdict }) => verdict !== "broken"),
    checks,
    seconds: (performance.now() - began) / 1000,
  };
}

/** The installed app, or why it is none. */
async function open(
  machine: Machine,
  installed: Installation,
  { path = "/", status }: ProveOptions,
): Promise<{ app?: App; failure?: Check }> {
  const failed = (cause: Cause): { failure: Check } => ({
    failure: { id: "start", verdict: "broken", figures: {}, causes: [cause], seconds: 0 },
  });
  if (!installed.ok) {
    const { code, message, hint } = installed;
    return failed({ code, details: { message, hint }, places: [] });
  }
  const answered = installed.answers.find(({ outcome }) => outcome === "http");
  if (answered === undefined) return failed({ code: "SOCKACT_PROVE_READY", details: {}, places: [] });
  const address = addressOf(answered.url);
  const { name, service, sockets } = installed;
  const app = new App(machine, { name, service, sockets, address, asking: { path, status: 200 } });
  const first = status ?? (await app.request(path)).status;
  return { app: new App(machine, { name, service, sockets, address, asking: { path, status: first } }) };
}

function addressOf(url: string): Address {
  const { protocol, hostname, port } = new URL(url);
  const secure = protocol === "https:";
  return {
    host: hostname === "localhost" ? "127.0.0.1" : hostname,
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
  let outcome = await run(step, app, { restarts, isWitnessed: false });
  let causes = outcome.causes ?? [];
  if (outcome.verdict === "broken" || (WITNESSED.has(id) && outcome.verdict === "held")) {
    if (outcome.verdict === "broken") onEvent({ event: "diagnosis", id });
    const witness = await Witness.attach(app);
    const witnessed = await run(step, app, { restarts: 1, isWitnessed: true });
    const lines = witness.lines();
    await witness.remove();
    causes = causesOf(id, { lines, outcome: witnessed, causes, folder: app.machine.folder });
    if (outcome.verdict === "held" && (witnessed.verdict === "broken" || causes.length > 0))
      outcome = { ...witnessed, verdict: "broken" };
  }
  return {
    id,
    verdict: outcome.verdict,
    figures: outcome.figures ?? {},
    causes,
    ...(outcome.reason !== undefined && { reason: outcome.reason }),
    seconds: (performance.now() - began) / 1000,
  };
}

/** A step that can't go on has found that the app does not do what is asked of it. */
async function run(step: Step, app: App, options: StepOptions): Promise<Outcome> {
  try {
    return await step(app, options);
  } catch (error) {
    if (process.env["DEBUG"]) console.error(error);
    return { verdict: "broken" };
  }
}
