import process from "node:process";
import {
  CODE,
  CONNECTIONS,
  CUT_CONNECTIONS,
  DURATION,
  EVENT,
  MOVED_CONNECTIONS,
  PRIORITY,
  REJECTED_CONNECTIONS,
  RESULT,
  STATE,
} from "@sockact/shared/records";
import { journal } from "../shared/journal.ts";
import { processState } from "../shared/process-state.ts";
import { codeOf, writeRecord } from "../shared/record.ts";
import { WARNING } from "../shared/standard-error.ts";
import { now } from "../shared/timers.ts";
import type { SockactEvent } from "./events.ts";
import { priorityOf } from "./log-event.ts";

/** The minimum time between two records about rejected connections, in milliseconds. */
const INTERVAL = 60_000;

const state = processState("recorded events", {
  /** When the last reload and the drain began, by now(). */
  reloading: 0,
  draining: 0,
  /** The rejected connections that no record has yet. */
  rejected: 0,
  rejectedCode: undefined as string | undefined,
  timer: undefined as NodeJS.Timeout | undefined,
});

/** The events of a worker that its primary does not have. */
const OF_WORKERS: readonly string[] = ["rejected", "drained", "health", "error"];

/** Writes the record of an event. Rejected connections have one record a minute, with their number. */
export function recordEvent(event: SockactEvent): void {
  const { type } = event;
  if (journal.fd === "primary" && !OF_WORKERS.includes(type)) return;
  if (type === "rejected") return noteRejection(codeOf(event.error.code));
  if (type === "reloading" || type === "draining") state[type] = now();
  if (type === "drained") recordRejections();
  writeRecord({ [PRIORITY]: priorityOf(event), [EVENT]: type, ...fieldsOf(event) }, type === "listening");
}

function fieldsOf(event: SockactEvent): Record<string, string | number | undefined> {
  switch (event.type) {
    case "handover":
      return { [RESULT]: "success", [DURATION]: since(state.reloading) };
    case "reloaded":
      return {
        ...(event.handover && { [EVENT]: "handover" }),
        [RESULT]: event.failed ? "failure" : "success",
        [DURATION]: since(state.reloading),
      };
    case "draining":
      return { [CONNECTIONS]: event.connections };
    case "drained":
      return {
        [DURATION]: since(state.draining),
        [CUT_CONNECTIONS]: event.cut,
        [MOVED_CONNECTIONS]: event.moved,
      };
    case "health":
      return { [STATE]: event.state };
    case "error":
      return { [CODE]: codeOf((event.error as { code?: unknown } | undefined)?.code) };
    default:
      return {};
  }
}

/** In microseconds. */
function since(began: number): number {
  return Math.round((now() - began) * 1000);
}

function noteRejection(code: string | undefined): void {
  if (state.rejectedCode === undefined) process.once("exit", recordRejections);
  state.rejected += 1;
  state.rejectedCode = code ?? "";
  if (state.timer === undefined) recordRejections();
}

/** Writes the number of rejected connections since the last record, if there are any. */
function recordRejections(): void {
  clearTimeout(state.timer);
  state.timer = undefined;
  if (state.rejected === 0) return;
  writeRecord({
    [PRIORITY]: WARNING,
    [EVENT]: "rejected",
    [CODE]: state.rejectedCode,
    [REJECTED_CONNECTIONS]: state.rejected,
  });
  state.rejected = 0;
  state.timer = setTimeout(recordRejections, INTERVAL).unref();
}
