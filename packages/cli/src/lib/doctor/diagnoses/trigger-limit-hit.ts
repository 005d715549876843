import { site } from "../../shared/site.ts";
import { readJournal } from "../fixes/commands.ts";
import type { Diagnosis, Evidence } from "../model/diagnosis.ts";
import type { Subject } from "../model/subject.ts";
import { unitFiles } from "../facts/unit-files.ts";
import { journal, lastRun } from "../facts/journal.ts";
import { serviceProperties, socketProperties } from "../facts/properties.ts";
import { requirements } from "../facts/requirements.ts";
import { lastEnd } from "../facts/runs.ts";
import { DEPENDENCY_FAILED, TRIGGER_LIMIT } from "../../printed/systemd.ts";

/** The socket has started the service again and again, because the client was still waiting each time. */
export const triggerLimitHit: Diagnosis = {
  code: "trigger-limit-hit",
  severity: "error",
  title: "the socket started its service too often, and systemd has closed the socket",
  why: "If a service exits before it accepts the waiting client, the same client starts it again. By default a socket fails after twenty starts in two seconds, or after 200 with Accept=yes. Clients are refused until you start the socket again.",
  looksAt: "`Result` of each socket unit, and how the service exited.",
  remedy:
    "Correct the error that makes the service exit before it accepts. Then start the socket with `systemctl start`.",
  explains: [
    "restart-loop",
    "idle-spin",
    "socket-failed",
    "trigger-limit",
    "clean-exit-spins",
    "not-enabled",
  ],
  async find(subject) {
    const { systemctl } = subject.host.manager;
    const [service, sockets, lines, end] = await Promise.all([
      subject.get(serviceProperties),
      subject.get(socketProperties),
      subject.get(lastRun),
      subject.get(lastEnd),
    ]);
    // systemd prints `no` also if it has never checked the conditions.
    const conditionFailed =
      service.get("ConditionResult") === "no" && service.get("ConditionTimestampMonotonic") !== "0";
    // A start that systemd did not try does not count as a run, so no run has this line.
    const isDependency = (await subject.get(journal)).some(
      ({ unit, isOfManager, message }) =>
        unit === subject.service && isOfManager && DEPENDENCY_FAILED.test(message),
    );
    const required = isDependency
      ? (await subject.get(requirements)).filter(({ ActiveState }) => ActiveState === "failed")
      : [];
    const needed = required.map(({ unit }) => unit).join(" and ");
    const found = sockets
      .filter((socket) => socket.get("Result") === "trigger-limit-hit")
      .map(async ({ unit }) => {
        const said = lines.find(
          (line) => line.unit === unit && line.isOfManager && TRIGGER_LIMIT.test(line.message),
        );
        return {
          unit,
          message:
            required.length > 0
              ? `${unit} has started ${subject.service} too often: ${subject.service} requires ${needed}, which has failed.`
              : conditionFailed
                ? `${unit} has started ${subject.service} too often: a condition of the service is not met, so the service never starts.`
                : `${unit} has started ${subject.service} too often: it ended each time before it accepted the client. ${end.text}`.trim(),
          evidence: [
            { text: "Result=trigger-limit-hit", source: `${systemctl} show ${unit}` },
            ...(said ? [{ text: said.message, source: `journal of ${unit}` }] : []),
            ...(conditionFailed ? await conditions(subject) : []),
            ...required.map((each) => ({
              text: `ActiveState=${each.ActiveState}`,
              source: `${systemctl} show ${each.unit}`,
            })),
          ],
          fix:
            required.length > 0
              ? `Find out why ${needed} failed, and start it. Then start the socket again.`
              : conditionFailed
                ? "Meet the condition, or remove it from the service. Then start the socket again."
                : `Correct the error that ends the service: its journal has the details. Then start the socket again. A service that uses sockact exits by itself only when it goes to sleep: see RestartPreventExitStatus= in ${site}lifecycle.`,
          copy: [
            ...(required.length > 0
              ? required.flatMap((each) => [
                  readJournal(subject.host.manager, each.unit),
                  `${systemctl} restart ${each.unit}`,
                ])
              : [
                  conditionFailed
                    ? `${systemctl} cat ${subject.service}`
                    : readJournal(subject.host.manager, subject.service),
                ]),
            `${systemctl} start ${unit}`,
          ],
        };
      });
    return Promise.all(found);
  },
};

/** The conditions in the files of the service. */
async function conditions(subject: Subject): Promise<Evidence[]> {
  const files = (await subject.get(unitFiles)).filter(({ unit }) => unit === subject.service);
  return files.flatMap(({ text, path }) => {
    const lines = text.match(/^(?:Condition|Assert)\w+=.+$/gm);
    return lines === null ? [] : [{ text: lines.join("\n"), source: path }];
  });
}
