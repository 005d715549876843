import type { Diagnosis } from "../model/diagnosis.ts";
import { lastRun } from "../facts/journal.ts";
import { socketProperties } from "../facts/properties.ts";

/** Any other reason for which a socket has failed. */
export const socketFailed: Diagnosis = {
  code: "socket-failed",
  severity: "error",
  title: "the socket has failed",
  why: "systemd does not listen for a socket unit that has failed. Clients are refused.",
  looksAt: "`ActiveState` and `Result` of each socket unit, and its journal",
  remedy: "what the journal of the socket unit says; then `systemctl start` it",
  explains: ["not-enabled"],
  async find(subject) {
    const [sockets, lines] = await Promise.all([subject.get(socketProperties), subject.get(lastRun)]);
    const { systemctl } = subject.host.manager;
    return sockets
      .filter((socket) => socket.get("ActiveState") === "failed")
      .map((socket) => {
        const { unit } = socket;
        const said = lines
          .filter((line) => line.unit === unit && /fail|refus|denied|unable|error/i.test(line.message))
          .slice(-4);
        return {
          unit,
          message: `${unit} has failed: ${socket.get("Result")}.`,
          evidence: [
            { text: `Result=${socket.get("Result")}`, source: `${systemctl} show ${unit}` },
            ...said.map(({ message }) => ({ text: message, source: `journal of ${unit}` })),
          ],
          fix: "Correct what its journal says, and start it again.",
          copy: [
            `journalctl ${subject.host.manager.user ? "--user-unit" : "--unit"} ${unit} --lines 20`,
            `${systemctl} start ${unit}`,
          ],
        };
      });
  },
};
