import { fstatSync } from "node:fs";
import process from "node:process";
import { activation } from "../activation/activation.ts";
import { formatSocket, isOpen, type PassedSocket } from "../activation/passed-socket.ts";
import { servedSockets } from "../shared/served-sockets.ts";
import { apps, emit } from "../lifecycle/app.ts";
import { keepAwake } from "../lifecycle/idle.ts";
import { sendPendingReady } from "../lifecycle/pending-ready.ts";
import { claimedSockets, isReady, statusText, untilReadySent } from "../lifecycle/readiness.ts";
import { notifyServiceManager, shouldNotify, stopNotifying } from "../lifecycle/service-manager.ts";
import { stop } from "../lifecycle/shutdown.ts";
import { isHandledByApp, receiveSignal } from "../lifecycle/stop-at-signal.ts";
import { isStopping, stopState } from "../lifecycle/stopping.ts";
import { stopReports } from "../lifecycle/watchdog.ts";
import { ActivationError, isActivationError } from "../shared/errors.ts";
import { processState } from "../shared/process-state.ts";
import { HANDOVER_FAILED, STARTING_NEW_VERSION } from "@sockact/shared/texts";
import { sessionsOf, type TlsSessions } from "../shared/tls-sessions.ts";
import { after } from "../shared/timers.ts";
import { NewProcess } from "./new-process.ts";
import { isResultExpected, reportResult } from "./report-result.ts";

const handover = processState("handover", {
  isRunning: false,
  /** Whether another process has taken over. */
  isDone: false,
});

/** How much longer than `handoverTimeout` systemd waits for a reload, in milliseconds. */
const BUFFER_MS = 10_000;

/**
 * Starts the app again, as a new process with the same sockets. When it is ready, it becomes the main process
 * of the service, and gets the connections that can move. This process drains and ends. If anything fails
 * before that, this process keeps serving. See decisions/027-handover.md for each step.
 *
 * Has no effect during a handover, before the process is ready, and during a stop. If the process has already
 * handed over, it only reports that again.
 */
export async function handOver(): Promise<void> {
  // With Type=notify-reload, this may be the signal of a command that did not wait for the result before.
  if (handover.isDone) return reportResult("ok");
  // READY=1 must come before RELOADING=1. A process that has just become the main process may get this signal
  // before it knows that.
  sendPendingReady();
  await untilReadySent();
  if (!isReady() || isStopping() || handover.isRunning) return;
  handover.isRunning = true;
  // The process must not fall asleep meanwhile.
  const release = keepAwake();
  try {
    const { newProcess, pid } = await startNewProcess();
    handover.isDone = true;
    emit({ type: "handover", pid });
    reportResult("ok");
    await stop("handover", { receiver: newProcess });
    await newProcess.release();
    endProcess();
  } catch (error) {
    await reportFailure(error);
  } finally {
    release();
    handover.isRunning = false;
  }
}

/**
 * Ends this process. If the app handles SIGTERM itself, it expects that signal at a stop, so it gets it
 * first.
 */
function endProcess(): void {
  if (!isHandledByApp("SIGTERM")) process.exit();
  after(Math.max(...apps.map(({ settings }) => settings.drainTimeout)), () => process.exit())?.unref();
  receiveSignal("SIGTERM");
}

/**
 * Resolves with the new process when it is the main process of the service. Otherwise it has been removed.
 */
async function startNewProcess(): Promise<{ newProcess: NewProcess; pid: number }> {
  emit({ type: "reloading" });
  const timeout = Math.max(...apps.map(({ settings }) => settings.handoverTimeout));
  await notifyServiceManager(
    `EXTEND_TIMEOUT_USEC=${(timeout + BUFFER_MS) * 1000}\nSTATUS=${STARTING_NEW_VERSION}`,
  );
  if (!isResultExpected()) await notifyServiceManager(reloading());
  const newProcess = startProcess(socketsToPass());
  const kill = (): void => newProcess.kill();
  stopState.listeners.add(kill);
  try {
    const { pid, fds } = await newProcess.untilReady(timeout);
    checkServed(fds);
    // From here on, the new process serves even if this one stops.
    stopState.listeners.delete(kill);
    await makeMainProcess(newProcess, pid);
    return { newProcess, pid };
  } catch (error) {
    stopState.listeners.delete(kill);
    await newProcess.end();
    throw error;
  }
}

/** The lines that report the beginning of a reload. */
function reloading(): string {
  return `RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`;
}

/**
 * Reports the end of a reload. If the command of ExecReload= waits for the result, the same message reports
 * the beginning. If this process were killed between two messages, systemd would wait until TimeoutStartSec=,
 * and not restart the service.
 */
function notifyReloaded(message: string): Promise<boolean | undefined> {
  return notifyServiceManager(isResultExpected() ? `${reloading()}\n${message}` : message);
}

/** @throws ActivationError `SOCKACT_ERR_HANDOVER_UNSUPPORTED` */
function startProcess(sockets: readonly PassedSocket[]): NewProcess {
  try {
    return new NewProcess(sockets);
  } catch (error) {
    throw unsupported(
      `Node can't start a process: ${(error as Error).message}`,
      "With the permission model, add --allow-child-process to the command line of Node.",
    );
  }
}

/** @throws ActivationError `SOCKACT_ERR_HANDOVER_UNSUPPORTED` */
function socketsToPass(): readonly PassedSocket[] {
  const { result } = activation;
  const sockets = result !== undefined && "sockets" in result ? result.sockets : [];
  if (process.pid === 1)
    throw unsupported(
      "This process is the first one of its PID namespace, which ends with it",
      "Leave PrivatePIDs= out of the unit. In a container, replace the container, or start the app by an init.",
    );
  if (!shouldNotify())
    throw unsupported(
      "No service manager waits for messages of this process, so none would follow the new one",
      "Write Type=notify into the unit (`handover: true` of @sockact/units does), and leave `notify: false` and SOCKACT_NOTIFY=no out. Without systemd, restart the process.",
    );
  const closed = sockets.filter((passedSocket) => !isStillOpen(passedSocket));
  if (closed.length > 0)
    throw unsupported(
      `The app has closed ${closed.map(({ socket }) => formatSocket(socket)).join(", ")}, so it can't pass it on`,
      "Restart the service: systemd passes all sockets again.",
    );
  return sockets;
}

function isStillOpen(passedSocket: PassedSocket): boolean {
  if (passedSocket.inode !== undefined) return isOpen(passedSocket);
  try {
    fstatSync(passedSocket.fd, { bigint: true });
    return true;
  } catch {
    return false;
  }
}

/** @throws ActivationError `SOCKACT_ERR_HANDOVER_SOCKETS` */
function checkServed(served: readonly number[]): void {
  const missing = claimedSockets().filter(({ fd }) => !served.includes(fd));
  if (missing.length === 0) return;
  throw new ActivationError(
    "SOCKACT_ERR_HANDOVER_SOCKETS",
    `The new process does not serve ${missing.map(({ socket }) => formatSocket(socket)).join(", ")}, which this one serves`,
    "If the new version needs fewer sockets, remove them from the socket unit, and restart the service. Otherwise correct the new version, and reload again.",
  );
}

/** Makes the service manager follow the new process, and lets that process accept. */
async function makeMainProcess(newProcess: NewProcess, pid: number): Promise<void> {
  newProcess.checkRunning();
  // The new process was killed, and systemd no longer expects a reload.
  if (isStopping()) throw new Error("The service stops");
  if (
    (await notifyReloaded(`MAINPID=${pid}\nREADY=1\nSTATUS=${statusText()}; process ${pid} takes over`)) !==
    true
  )
    throw unsupported(
      "The message about the new process could not be sent to the service manager",
      "The error above says why.",
    );
  stopNotifying();
  stopReports();
  await newProcess.serve(tlsSessions());
}

/** The TLS sessions of this process's clients, by socket number. */
function tlsSessions(): Record<number, TlsSessions> {
  return Object.fromEntries(
    [...servedSockets].flatMap(([fd, { tls }]) => (tls === undefined ? [] : [[fd, sessionsOf(tls)]])),
  );
}

async function reportFailure(error: unknown): Promise<void> {
  // The failure of a stop is not one of the handover.
  if (isStopping()) return;
  emit({ type: "error", error });
  await notifyReloaded(`READY=1\nSTATUS=${statusText()}; ${HANDOVER_FAILED}`);
  emit({ type: "reloaded", failed: true, handover: true });
  reportResult(isActivationError(error) ? `${error.code}: ${error.message}` : String(error));
}

function unsupported(message: string, hint: string): ActivationError {
  return new ActivationError("SOCKACT_ERR_HANDOVER_UNSUPPORTED", message, hint);
}
