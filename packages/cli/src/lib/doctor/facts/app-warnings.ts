import type { Subject } from "../model/subject.ts";
import { handover } from "./handover.ts";
import { lastRun } from "./journal.ts";
import { processes } from "./processes.ts";

/** A warning of sockact in the journal of the service. */
export interface AppWarning {
  /** Such as SOCKACT_WARN_UNCLAIMED. */
  code: string;
  /** The first line. */
  message: string;
  /** The lines below it: what to change. */
  details: string[];
}

/** The codes of warnings about a socket that no server has claimed. */
export const UNCLAIMED: readonly string[] = ["SOCKACT_WARN_UNCLAIMED", "SOCKACT_WARN_UNMATCHED"];

/** `(node:123) [SOCKACT_WARN_UNCLAIMED] SockactWarning: The socket …` */
const warning = /^\(\w+:(\d+)\) \[(SOCKACT_\w+)\] SockactWarning: (.*)$/s;

/** The warnings that sockact in the app has printed since the last start. After a handover, or one that has failed, only the processes that still run count. */
export async function appWarnings(subject: Subject): Promise<AppWarning[]> {
  const [all, running, { wasTried }] = await Promise.all([
    subject.get(lastRun),
    subject.get(processes),
    subject.get(handover),
  ]);
  const pids = running.map(({ pid }) => pid);
  const isReplaced = pids.length > 0 && wasTried;
  const lines = all.filter(
    (line) => line.unit === subject.service && !line.isOfManager && (!isReplaced || pids.includes(line.pid)),
  );
  return lines.flatMap(({ message, pid, priority }, index) => {
    const [, , code = "", text = ""] = warning.exec(message) ?? [];
    if (code === "") return [];
    const details: string[] = [];
    for (const next of lines.slice(index + 1)) {
      // Another warning, or Node's own hint, which follows the first one. Or another line of the app, if core has given the warning its priority.
      if (
        next.pid !== pid ||
        next.priority !== priority ||
        next.message.startsWith("(") ||
        details.length === 6
      )
        break;
      details.push(next.message);
    }
    return { code, message: text, details };
  });
}
