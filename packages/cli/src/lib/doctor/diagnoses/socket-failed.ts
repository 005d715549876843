import { readJournal } from "../fixes/commands.ts";
import type { Diagnosis } from "../model/diagnosis.ts";
import { lastRun } from "../facts/journal.ts";
import { socketProperties } from "../facts/properties.ts";

/** A socket has failed for another reason. */
export const socketFailed: Diagnosis = {
  code: "socket-failed",
  severity: "error",
  title: "the socket has failed",
  why: "systemd does not listen on a socket unit that has failed. Clients are refused.",
  looksAt: "`ActiveState` and `Result` of each socket unit, and its journal.",
  remedy: "Correct the error in the journal of the socket unit. Then start the unit with `systemctl start`.",
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
          fix: "Correct the error in its journal, and start it again.",
          copy: [readJournal(subject.host.manager, unit), `${systemctl} start ${unit}`],
        };
      });
  },
};
