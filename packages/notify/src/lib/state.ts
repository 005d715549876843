import process from "node:process";
import { getEnvironmentData, isMainThread, setEnvironmentData } from "node:worker_threads";
import type { Channel } from "./backend.ts";
import type { Access } from "./access.ts";
import type { ProgramMessage } from "./program.ts";

/** What the service manager asked of this process, by the variables of sd_notify(3) and sd_watchdog_enabled(3). */
interface NotifyEnvironment {
  /** NOTIFY_SOCKET; undefined when there is no service manager to tell, or none that asks to be told. */
  readonly socket: string | undefined;
  readonly watchdogUsec: string | undefined;
  readonly watchdogPid: string | undefined;
}

interface State {
  environment: NotifyEnvironment | undefined;
  /** Descriptors that were passed by the name of `notify`. */
  descriptors: Set<number>;
  /** How messages travel, once that has been looked into. */
  channel: Channel | undefined;
  /** Pending while the service manager's queue is full. */
  full: Promise<void> | undefined;
  /** What waits for the next run of systemd-notify. */
  queue: ProgramMessage[];
  running: boolean;
  access: Promise<Access> | undefined;
  warned: Set<string>;
  /** Node warned when node:ffi was loaded. */
  ffiWarned: boolean;
}

/**
 * The state of this process. Two copies of this package in one dependency tree share it: the second would find the
 * variables gone. The number changes when the shape does.
 */
export const state: State = ((globalThis as Record<symbol, unknown>)[Symbol.for("sockact.notify.1")] ??= {
  environment: undefined,
  descriptors: new Set(),
  channel: undefined,
  full: undefined,
  queue: [],
  running: false,
  access: undefined,
  warned: new Set(),
  ffiWarned: false,
} satisfies State) as State;

const ASKED = "sockact.notify";

/** Reads the variables at the first use, and removes them: what they ask is asked of this process, not of its children. */
export function environment(): NotifyEnvironment {
  state.environment ??= {
    // Empty is unset, as in go-systemd: containers have no other way to unset a variable of their image.
    socket: take("NOTIFY_SOCKET") || undefined,
    watchdogUsec: take("WATCHDOG_USEC"),
    watchdogPid: take("WATCHDOG_PID"),
  };
  // A worker that starts later finds no variables in its copy of the environment.
  if (isMainThread && state.environment.socket !== undefined) setEnvironmentData(ASKED, true);
  return state.environment;
}

/** Whether the service manager asks to be told, and this is a worker thread, which has neither the descriptor nor the state of the process. */
export function isWorkerOfService(): boolean {
  return !isMainThread && (environment().socket !== undefined || getEnvironmentData(ASKED) === true);
}

function take(name: string): string | undefined {
  const value = process.env[name];
  // A worker thread may share the environment, and it is the main thread's to read.
  if (isMainThread) delete process.env[name];
  return value;
}
