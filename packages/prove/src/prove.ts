import { realpathSync } from "node:fs";
import { startBeside } from "./beside.ts";
import { type Installation, Machine } from "./machine.ts";
import { installApp, isAnswer, openApp } from "./open-app.ts";
import type { ProveEvent, ProveOptions } from "./options.ts";
import { ProveError } from "./prove-error.ts";
import { type Check, CHECKS, type Report } from "./report.ts";
import { diagnoseSilent } from "./silent.ts";
import { tryStep } from "./try-step.ts";

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
  const installation = await installApp(machine, entry, options);
  onEvent({ event: "installed" });
  const { name } = installation;
  const app = await openApp(machine, installation, options);
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

/** It answers, but to no request that can be made here: without HTTP, by a proxy, or on an abstract socket. */
const isOther = ({ outcome }: Installation["answers"][number]): boolean =>
  ["other", "proxy", "unasked"].includes(outcome);
