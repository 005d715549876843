import { readJournal } from "../fixes/commands.ts";
import type { Diagnosis, Evidence } from "../model/diagnosis.ts";
import type { Subject } from "../model/subject.ts";
import { unitFiles } from "../facts/unit-files.ts";
import { journal, lastRun } from "../facts/journal.ts";
import { serviceProperties, socketProperties } from "../facts/properties.ts";
import { requirements } from "../facts/requirements.ts";
import { lastEnd } from "../facts/runs.ts";

/** The socket has started the service again and again, and each time the client was still waiting. */
export const triggerLimitHit: Diagnosis = {
  code: "trigger-limit-hit",
  severity: "error",
  title: "the socket has started its service too often, and systemd has closed it",
  why: "A client that nobody accepts starts the service again as soon as it has ended. By default a socket fails at twenty starts in two seconds, and clients are refused until somebody starts it.",
  looksAt: "`Result` of each socket unit, and how the service has ended",
  remedy: "what ends the service before it accepts; then `systemctl start` the socket",
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
    // systemd has `no` also for a unit whose conditions it has never tried.
    const conditionFailed =
      service.get("ConditionResult") === "no" && service.get("ConditionTimestampMonotonic") !== "0";
    // A start that systemd has not tried is no run, so this line is in none.
    const isDependency = (await subject.get(journal)).some(
      ({ unit, isOfManager, message }) =>
        unit === subject.service && isOfManager && message.startsWith("Dependency failed for"),
    );
    const required = isDependency
      ? (await subject.get(requirements)).filter(({ ActiveState }) => ActiveState === "failed")
      : [];
    const needed = required.map(({ unit }) => unit).join(" and ");
    const found = sockets
      .filter((socket) => socket.get("Result") === "trigger-limit-hit")
      .map(async ({ unit }) => {
        const said = lines.find(
          (line) => line.unit === unit && line.isOfManager && /trigger limit/i.test(line.message),
        );
        return {
          unit,
          message:
            required.length > 0
              ? `${unit} has started ${subject.service} too often: ${subject.service} requires ${needed}, which has failed.`
              : conditionFailed
                ? `${unit} has started ${subject.service} too often: a condition of the service does not hold, so it is never started.`
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
              ? `Correct what ${needed} has failed of, and start it. Then start the socket again.`
              : conditionFailed
                ? "Make the condition hold, or take it out of the service. Then start the socket again."
                : "Correct what ends the service: its journal says more. Then start the socket again. With sockact the service exits for sleep only: see RestartPreventExitStatus= in docs/lifecycle.md.",
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

/** The conditions of the service, as its files have them. */
async function conditions(subject: Subject): Promise<Evidence[]> {
  const files = (await subject.get(unitFiles)).filter(({ unit }) => unit === subject.service);
  return files.flatMap(({ text, path }) => {
    const lines = text.match(/^(?:Condition|Assert)\w+=.+$/gm);
    return lines === null ? [] : [{ text: lines.join("\n"), source: path }];
  });
}
