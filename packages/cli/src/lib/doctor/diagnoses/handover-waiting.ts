import { tookText } from "../../output/quantities.ts";
import { serviceCommand } from "../../shared/own-command.ts";
import { handover } from "../facts/handover.ts";
import { quoted } from "../facts/service-run.ts";
import type { Diagnosis } from "../model/diagnosis.ts";

/** How long the new version may take before it is reported, in milliseconds. */
const LONG_MS = 5_000;
/** How many lines of the new version a report has. */
const LINES = 5;

/** A handover is under way, and the new version takes long. */
export const handoverWaiting: Diagnosis = {
  code: "handover-waiting",
  severity: "warning",
  title: "the new version of a handover is not ready yet",
  why: "The old version serves until the new one is ready. After handoverTimeout, which is 60 s by default, the new one is ended, and the handover has failed.",
  looksAt: "The status of the service, and the lines of the new version in the journal.",
  remedy:
    "Find out what the new version waits for: it is ready when it listens on each socket, and `ready` is fulfilled.",
  explains: ["app-warning", "handover-failed"],
  async find(subject) {
    const { current } = await subject.get(handover);
    const since = current === undefined ? 0 : Date.now() - current.line.time;
    if (current === undefined || since < LONG_MS) return [];
    const { manager } = subject.host;
    return [
      {
        unit: subject.service,
        message: `The new version of ${subject.service} has been starting for ${tookText(since)}, and is not ready. Process ${current.line.pid} serves meanwhile.`,
        evidence: quoted([current.line, ...current.output.slice(-LINES)]),
        fix: "Find out what the new version waits for before it listens on each socket, or what its `ready` waits for, such as a database. If the app never calls listen(), correct that.",
        copy: [serviceCommand("logs", subject.name, manager.user)],
      },
    ];
  },
};
