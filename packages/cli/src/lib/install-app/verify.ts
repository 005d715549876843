import { setTimeout as delay } from "node:timers/promises";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { deadline } from "../shared/deadline.ts";
import { ownCommand, sameCommand } from "../shared/own-command.ts";
import { findService } from "../systemd/activated-units.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import { writingHints } from "../systemd/writing-hints.ts";
import { appOutput } from "../install/install.ts";
import type { ListenAddress } from "../systemd/listen-property.ts";
import { readJournal, syncJournal } from "../systemd/journal.ts";
import { type Answer, CLOSED, firstRequest, listeningAddresses } from "./first-request.ts";

/** How often to check whether the service has failed, in milliseconds. */
const INTERVAL = 200;
/** After this many restarts, the service will not start. */
const RESTARTS = 2;

export interface VerifyOptions {
  name: string;
  sockets: readonly string[];
  manager: ServiceManager;
  /** How long to wait for an answer, in milliseconds. */
  timeout: number;
  signal: AbortSignal;
  /** Whether to read the pages too. */
  withPage?: boolean | undefined;
}

/**
 * Sends a request to each socket of a service, which starts it. Rejects with `SOCKACT_ERR_INSTALL_START` if
 * the service fails. A missing answer is a result: the service may not answer this request.
 */
export async function verify({
  name,
  sockets,
  manager,
  timeout,
  signal,
  withPage = false,
}: VerifyOptions): Promise<Answer[]> {
  const addresses = await listeningAddresses(manager, sockets);
  const { services, kind } = await findService(manager, name);
  const since = Date.now();
  const watched = kind === "accept" ? [] : services;
  const before = await restartsOf(manager, watched);
  const over = new AbortController();
  const failure = watchForFailure(manager, watched, before, over.signal);
  // It may fail after the last answer.
  failure.catch(() => {});
  const answers: Answer[] = [];
  const asking = { manager, services, since, signal };
  try {
    for (const address of addresses) {
      const limit = deadline(timeout, signal, over.signal);
      const result = await Promise.race([
        answerOf({ address, signal: limit, manager, services, since, withPage }),
        failure,
      ]);
      signal.throwIfAborted();
      if (result === undefined) continue;
      if (typeof result === "string") throw await startError({ name, unit: result, since, manager });
      if (result.outcome === "http" && result.status === 503 && (await hasFailedToStart(asking)))
        throw await startError({ name, unit: services[0]!, since, manager });
      answers.push(
        result.outcome === "silent" && /abort|timeout/i.test(result.reason)
          ? { ...result, reason: `no answer for ${timeout / 1000} s` }
          : result,
      );
    }
    if (answers.some(({ outcome }) => outcome === "silent")) return answers;
    const unready = await Promise.race([untilReady(manager, watched, deadline(timeout, signal)), failure]);
    if (typeof unready === "string") throw await startError({ name, unit: unready, since, manager });
    signal.throwIfAborted();
    return [...answers, ...(unready ?? [])];
  } finally {
    over.abort();
  }
}

interface Asked {
  address: ListenAddress;
  signal: AbortSignal;
  manager: ServiceManager;
  services: readonly string[];
  since: number;
  withPage: boolean;
}

/**
 * The answer. If the socket requires a PROXY header, a second request sends one: the first one has started
 * the app.
 */
async function answerOf({ address, signal, manager, services, since, withPage }: Asked): Promise<Answer> {
  const answer = await firstRequest(address, signal, { withPage });
  if (answer.outcome !== "silent" || answer.reason !== CLOSED) return answer;
  if (!(await hasLogged("SOCKACT_ERR_PROXY_HEADER", manager, services, since - LOG_INTERVAL))) return answer;
  const second = await firstRequest(address, signal, { withHeader: true, withPage });
  return second.outcome === "silent" ? { outcome: "proxy", url: answer.url } : second;
}

/** How often the app logs it. */
const LOG_INTERVAL = 60_000;

/** Whether the app has logged an error with this code. */
async function hasLogged(
  code: string,
  manager: ServiceManager,
  services: readonly string[],
  since: number,
): Promise<boolean> {
  if (!manager.user) await syncJournal(manager);
  const { entries } = await readJournal(manager, services, { since });
  return entries.some(({ from, message }) => from === "app" && message.includes(code));
}

/** How long an app that fails at its start goes on answering at most, in milliseconds. */
const FAILING_LIMIT = 5_000;

/** Whether a 503 was that of an app behind a proxy that ends before it listens. It logs this when it ends. */
async function hasFailedToStart({
  manager,
  services,
  since,
  signal,
}: Pick<Asked, "manager" | "services" | "since" | "signal">): Promise<boolean> {
  for (const limit = deadline(FAILING_LIMIT, signal); ;) {
    if (await hasLogged("SOCKACT_ERR_START_FAILED", manager, services, since)) return true;
    if (limit.aborted) return false;
    await delay(INTERVAL, undefined, { signal: limit }).catch(() => {});
  }
}

/** Waits until no service is starting. Resolves to the services that are not ready at the deadline. */
async function untilReady(
  manager: ServiceManager,
  services: readonly string[],
  limit: AbortSignal,
): Promise<Answer[]> {
  for (;;) {
    const shown = await manager.show(services, ["ActiveState"]);
    const starting = services.filter((_, index) => shown[index]!.ActiveState === "activating");
    if (starting.length === 0) return [];
    if (limit.aborted)
      return starting.map((url) => ({
        outcome: "unready",
        url,
        reason:
          "has not told systemd that it is ready. After TimeoutStartSec=, systemd ends it and starts it again",
      }));
    await delay(INTERVAL, undefined, { signal: limit }).catch(() => {});
  }
}

async function restartsOf(manager: ServiceManager, services: readonly string[]): Promise<number[]> {
  const shown = await manager.show(services, ["NRestarts"]);
  return shown.map(({ NRestarts }) => Number(NRestarts));
}

/** Resolves to the failed unit, or to nothing once the signal is aborted. */
async function watchForFailure(
  manager: ServiceManager,
  services: readonly string[],
  before: readonly number[],
  signal: AbortSignal,
): Promise<string | undefined> {
  while (!signal.aborted) {
    await delay(INTERVAL, undefined, { signal }).catch(() => {});
    if (signal.aborted) return undefined;
    const shown = await manager.show(services, ["ActiveState", "NRestarts"]);
    const failed = services.find((_, index) => {
      const { ActiveState, NRestarts } = shown[index]!;
      return ActiveState === "failed" || Number(NRestarts) - before[index]! >= RESTARTS;
    });
    if (failed !== undefined) return failed;
  }
  return undefined;
}

async function startError({
  name,
  unit,
  since,
  manager,
}: {
  name: string;
  unit: string;
  since: number;
  manager: ServiceManager;
}): Promise<CliError> {
  const journal = await appOutput(manager, [unit], since);
  const said = journal.map((line) => `  ${line}`).join("\n");
  const naming = journal.some((line) => line.includes("SOCKACT_ERR_NAME_UNKNOWN"))
    ? [`A config names a socket: sockets: [{ name: "web", listen: 80 }]. ${ownCommand("init")} writes one.`]
    : [];
  const hints = [
    "Correct the error, and run the command again.",
    ...naming,
    ...(await writingHints(manager, unit, journal)),
    `To install the app anyway: ${sameCommand(manager.user)} --no-request`,
  ];
  return new CliError(
    "SOCKACT_ERR_INSTALL_START",
    `${name} does not start. The journal of ${unit}:\n${said || "  (it is empty)"}`,
    hints.join("\n"),
    { exitCode: EXIT.failed },
  );
}
