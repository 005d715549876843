import {
  applyInstall,
  appOutput,
  type BundleRecord,
  type InstallStep,
  notStartedText,
  type PreparedInstall,
  serviceOf,
  socketsOf,
} from "../install/install.ts";
import { clean } from "../shared/clean.ts";
import { deadline } from "../shared/deadline.ts";
import { tell } from "../shared/messages.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import { writingHints } from "../systemd/writing-hints.ts";
import { applyCompared } from "./apply-compared.ts";
import type { MadeBundle } from "./bundle.ts";
import { type Answer, requestForHost } from "./first-request.ts";
import { interruptible } from "./interruptible.ts";
import type { InstallOptions } from "./options.ts";
import { isUnusable } from "./result.ts";
import { verify } from "./verify.ts";

/** What a service has answered after its installation. */
export interface Outcome {
  answers: Answer[];
  changed: boolean;
  bundle: BundleRecord | undefined;
}

/** Installs a service, and asks it. A bundle is compared with the app as it is, unless nothing would be asked. */
export async function applyPrepared(
  { prepared, bundle }: { prepared: PreparedInstall; bundle: MadeBundle | undefined },
  {
    start,
    timeout,
    force = false,
    ...options
  }: Pick<InstallOptions, "start" | "request" | "timeout" | "force">,
  manager: ServiceManager | undefined,
): Promise<Outcome> {
  const { name } = prepared.plan;
  const request = start && options.request;
  const since = Date.now();
  // The socket that answers probes does not start the app.
  const sockets = socketsOf(prepared.plan).filter((unit) => unit !== `${name}-health.socket`);
  return interruptible(`Installing ${name}`, async (shown, signal) => {
    const ask = async (withPage: boolean): Promise<Answer[]> => {
      if (manager === undefined || !request || sockets.length === 0) return [];
      shown.update(`Waiting for the first answer from ${name}`);
      return verify({ name, sockets, manager, timeout: timeout * 1000, signal, withPage });
    };
    let hostAnswers: Answer[] = [];
    const askHosts = async () => {
      if (!request) return;
      const limit = deadline(timeout * 1000, signal);
      const hosts = prepared.plan.site?.hosts ?? [];
      hostAnswers = await Promise.all(hosts.map(async (host) => requestForHost(host, limit)));
    };
    const onStep = (step: InstallStep) => {
      const text = stepText(step);
      if (text !== undefined) shown.update(text);
    };
    const applyAs = async (one: PreparedInstall, check: () => Promise<void>) =>
      applyInstall(one, { start, signal, onStep, verify: check, verifySite: askHosts });
    const applyOnce = async () => {
      let answers: Answer[] = [];
      const applied = await applyAs(prepared, async () => {
        answers = await ask(false);
      });
      return { applied, answers, bundle: prepared.plan.bundle };
    };
    const isCompared =
      bundle !== undefined &&
      "built" in bundle &&
      bundle.isNeeded !== true &&
      manager !== undefined &&
      request;
    const {
      applied,
      answers: own,
      bundle: record,
    } = isCompared
      ? await applyCompared({
          prepared,
          bundle,
          force,
          ask: async () => ask(true),
          output: async (from) => outputOf(manager, serviceOf(prepared.plan), from),
          apply: applyAs,
        })
      : await applyOnce();
    shown.done();
    const answers = [...own, ...hostAnswers];
    if (manager !== undefined && answers.some(isTrouble))
      await showOutput(manager, serviceOf(prepared.plan), since);
    for (const path of applied.backups) tell(`A backup of the replaced file is in ${path}\n`);
    return { answers, changed: applied.changed, bundle: record };
  });
}

const isTrouble = (answer: Answer): boolean =>
  isUnusable(answer) || (answer.outcome === "http" && answer.status >= 500);

const outputOf = async (manager: ServiceManager, service: string, since: number): Promise<string[]> =>
  appOutput(manager, [service.replace("@.", "@*.")], since);

async function showOutput(manager: ServiceManager, service: string, since: number): Promise<void> {
  const lines = await outputOf(manager, service, since);
  if (lines.length === 0) return;
  const hints = await writingHints(manager, service.replace("@.", "@blue."), lines);
  tell(`The journal of ${service}:\n${lines.map((line) => `  ${clean(line)}\n`).join("")}\n`);
  for (const hint of hints) tell(`${hint}\n\n`);
}

function stepText(step: InstallStep): string | undefined {
  switch (step.type) {
    case "waiting":
      return "Waiting for another sockact to end";
    case "recovered":
      return [
        "An earlier call was killed. Its changes have been undone",
        ...notStartedText(step.notStarted),
      ].join("\n");
    case "written":
      return `Writing ${step.path}`;
    case "enabled":
      return `Enabling ${step.units.join(" ")}`;
    case "started":
      return `Starting ${step.units.join(" ")}`;
    case "restarted":
      return `Restarting ${step.units.join(" ")}`;
    case "served":
      return `Reloading ${step.unit}`;
    case "undoing":
      return "Undoing all changes";
    default:
      return undefined;
  }
}
