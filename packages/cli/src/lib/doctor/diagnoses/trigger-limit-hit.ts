import type { Diagnosis } from "../model/diagnosis.ts";
import { lastRun } from "../facts/journal.ts";
import { serviceProperties, socketProperties } from "../facts/properties.ts";
import { howItEnded } from "../facts/runs.ts";

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
    const [service, sockets, lines] = await Promise.all([
      subject.get(serviceProperties),
      subject.get(socketProperties),
      subject.get(lastRun),
    ]);
    const conditionFailed = service.get("ConditionResult") === "no";
    return sockets
      .filter((socket) => socket.get("Result") === "trigger-limit-hit")
      .map(({ unit }) => {
        const said = lines.find(
          (line) => line.unit === unit && line.isOfManager && /trigger limit/i.test(line.message),
        );
        return {
          unit,
          message: conditionFailed
            ? `${unit} has started ${subject.service} too often: a condition of the service does not hold, so it is never started.`
            : `${unit} has started ${subject.service} too often: it ended each time before it accepted the client. ${howItEnded(service)}`.trim(),
          evidence: [
            { text: "Result=trigger-limit-hit", source: `${systemctl} show ${unit}` },
            ...(said ? [{ text: said.message, source: `journal of ${unit}` }] : []),
          ],
          fix: conditionFailed
            ? "Make the condition hold, or take it out of the service. Then start the socket again."
            : "First find out why the service ends, by its journal. Then start the socket again. With sockact the service exits for sleep only: see RestartPreventExitStatus= in docs/lifecycle.md.",
          copy: [
            conditionFailed
              ? `systemctl cat ${subject.service}`
              : `journalctl ${subject.host.manager.user ? "--user-unit" : "--unit"} ${subject.service} --lines 50`,
            `${systemctl} start ${unit}`,
          ],
        };
      });
  },
};
