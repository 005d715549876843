import {
  HANDED_OVER,
  HANDOVER_FAILED,
  PREFIX,
  RELOADING,
  STARTING_NEW_VERSION,
  TOOK_OVER,
} from "@sockact/shared/texts";
import type { Subject } from "../model/subject.ts";
import { environment } from "./files.ts";
import { appLines, type JournalLine } from "./journal.ts";
import { serviceUnit } from "./units.ts";

/** Facts about the handovers of a service. */
export interface HandoverFacts {
  /** Whether SOCKACT_HANDOVER= enables handover. */
  isConfigured: boolean;
  /** Whether a handover has succeeded since the start. */
  hasHappened: boolean;
  /** Whether a handover was attempted. */
  wasTried: boolean;
  /** The last error of a handover, unless a later handover has succeeded. */
  failure: HandoverFailure | undefined;
  /** The current handover: the line of the old process, and the output of the new one. */
  current: { line: JournalLine; output: readonly JournalLine[] } | undefined;
}

export interface HandoverFailure {
  /** For example SOCKACT_ERR_HANDOVER_EXITED. Empty if only the status of the service shows the failure. */
  code: string;
  /** The logged message, and what to change. */
  text: string;
  /** The line of sockact. */
  line: JournalLine | undefined;
  /** The lines that the new version printed. */
  output: readonly JournalLine[];
}

const failed = new RegExp(`^${PREFIX}(SOCKACT_ERR_HANDOVER_[A-Z]+): (.*)$`, "s");
const succeeded = new RegExp(`^${PREFIX}(?:ready, and )?(?:${HANDED_OVER}|${TOOK_OVER}) \\d+`);

/** The index of the line with which the last reload begins, or -1. */
export const lastReload = (lines: readonly JournalLine[]): number =>
  lines.findLastIndex(({ message }) => message === `${PREFIX}${RELOADING}`);

export async function handover(subject: Subject): Promise<HandoverFacts> {
  const [service, variables, own] = await subject.all(serviceUnit, environment, appLines);
  const configured = variables.findLast((variable) => variable.startsWith("SOCKACT_HANDOVER="));
  const status = service.get("StatusText");
  return {
    isConfigured: /=(?:1|y|yes|t|true|on)$/i.test(configured ?? ""),
    hasHappened: status.includes(TOOK_OVER) || own.some(({ message }) => succeeded.test(message)),
    wasTried: own.some(({ message }) => succeeded.test(message) || failed.test(message)),
    failure: failureOf(own, status),
    current: status.startsWith(STARTING_NEW_VERSION) ? currentOf(own) : undefined,
  };
}

function currentOf(lines: readonly JournalLine[]): HandoverFacts["current"] {
  const at = lastReload(lines);
  const line = lines[at];
  if (line === undefined) return undefined;
  return { line, output: lines.slice(at).filter(({ pid }) => pid !== line.pid) };
}

function failureOf(lines: readonly JournalLine[], status: string): HandoverFailure | undefined {
  const at = lines.findLastIndex(({ message }) => failed.test(message));
  const line = lines[at];
  if (line !== undefined) {
    if (lines.slice(at).some(({ message }) => succeeded.test(message))) return undefined;
    const [, code = "", text = ""] = failed.exec(line.message)!;
    const before = lines.slice(0, at);
    const start = lastReload(before);
    const output = start === -1 ? [] : before.slice(start).filter(({ pid }) => pid !== line.pid);
    return { code, text, line, output };
  }
  return status.includes(HANDOVER_FAILED) ? { code: "", text: "", line, output: [] } : undefined;
}
