import { CUT, DRAINED, DRAINING, PREFIX } from "@sockact/core/texts";
import { tookText } from "../../output/quantities.ts";
import { millisecondsOf } from "../../shared/properties.ts";
import { oldProcesses } from "../../systemd/control-group.ts";
import { lastRun } from "../facts/journal.ts";
import { processes } from "../facts/processes.ts";
import { serviceProperties, uptime } from "../facts/properties.ts";
import { quoted } from "../facts/service-run.ts";
import type { Diagnosis, Found } from "../model/diagnosis.ts";

/** The old process of a handover does not end. */
export const handoverUnfinished: Diagnosis = {
  code: "handover-unfinished",
  severity: "warning",
  title: "the old process of a handover does not end",
  why: "It serves no client any more, but keeps its memory, its files and its connections to databases. Each reload adds another one.",
  looksAt:
    "The processes of the service with the command line of its main process, and whether they have drained. They may take as long as `TimeoutStopSec=`.",
  remedy: "Let the promise of `onStop` settle. To end the process now, kill it.",
  async find(subject) {
    const [service, all, lines] = await Promise.all([
      subject.get(serviceProperties),
      subject.get(processes),
      subject.get(lastRun),
    ]);
    const age = uptime(service);
    if (age < millisecondsOf(service.get("TimeoutStopUSec"))) return [];
    return oldProcesses(all, Number(service.get("MainPID"))).flatMap(({ pid }): Found[] => {
      const own = lines.filter((line) => line.pid === pid && !line.isOfManager);
      const last = own.findLast(({ message }) => isOfDrain(message));
      // Its connections may take until drainTimeout, which is longer than TimeoutStopSec=.
      if (last?.message.includes(DRAINING) === true) return [];
      return [
        {
          unit: subject.service,
          message: `Process ${pid} still runs, although it was replaced ${tookText(age)} ago. Its onStop has not ended, or it has drained for longer than TimeoutStopSec=.`,
          evidence: [
            ...quoted(last === undefined ? [] : [last]),
            {
              text: `MainPID=${service.get("MainPID")}`,
              source: `${subject.host.manager.systemctl} show ${subject.service}`,
            },
          ],
          fix: "Let the promise of onStop settle in the app. End this process now:",
          copy: [`kill -KILL ${pid}`],
        },
      ];
    });
  },
};

function isOfDrain(message: string): boolean {
  return (
    message.startsWith(PREFIX) &&
    (message.includes(DRAINING) || [DRAINED, CUT].some((text) => message.startsWith(text, PREFIX.length)))
  );
}
