import { ownCommand, serviceCommand } from "../../shared/own-command.ts";
import { handover, type HandoverFailure } from "../facts/handover.ts";
import type { JournalLine } from "../facts/journal.ts";
import { quoted } from "../facts/service-run.ts";
import { readJournal } from "../fixes/commands.ts";
import type { Diagnosis } from "../model/diagnosis.ts";
import { SHELL_NOT_FOUND } from "../../printed/programs.ts";

/** How many lines of the new version a report has. */
const LINES = 5;

const fixes: Record<string, string> = {
  SOCKACT_ERR_HANDOVER_EXITED:
    "Correct the error that the new version printed, or go back to the version before. Then reload again.",
  SOCKACT_ERR_HANDOVER_TIMEOUT:
    "Find out what the new version waits for before it listens on each socket, or what the `ready` of the new version waits for, such as a database. If the start takes that long, raise SOCKACT_HANDOVER_TIMEOUT=. Then reload again.",
  SOCKACT_ERR_HANDOVER_SOCKETS:
    "Let the new version listen on every socket of the service, and reload again. If a socket is no longer needed, remove its unit, and restart the service.",
};

const ownPort =
  "Both versions run during a handover, so the new one can't listen on a port that the old one has opened by itself. Give that port a socket unit, too. If another service has the port, choose another one.";

const ownNode =
  "A handover starts the Node that the old process runs, by its real path. Restart the service: systemd starts the Node that the unit names.";

/** The new version did not become ready at the last reload. */
export const handoverFailed: Diagnosis = {
  code: "handover-failed",
  severity: "warning",
  title: "the last handover failed, and the old version serves",
  why: "The old process did not hand over, because the new one ended, was not ready in time, or did not serve every socket. Clients get answers, but from the old version.",
  looksAt: "The errors of sockact in the journal of the service, and its status.",
  remedy: "Correct the new version, and run `sockact reload` again.",
  explains: ["port-taken"],
  async find(subject) {
    const { failure } = await subject.get(handover);
    if (failure === undefined || failure.code === "SOCKACT_ERR_HANDOVER_UNSUPPORTED") return [];
    const { manager } = subject.host;
    const { code, line } = failure;
    const node = missingNode(failure);
    return [
      {
        unit: subject.service,
        message: `${subject.service} runs its old version, because the last handover failed${code === "" ? "" : `: ${code}`}.`,
        evidence:
          line === undefined
            ? [
                {
                  text: "StatusText= contains “the handover failed”",
                  source: `${manager.systemctl} show ${subject.service}`,
                },
              ]
            : quoted([...shownOf(failure), line]),
        fix:
          (node === undefined ? undefined : `${node} does not exist any more. ${ownNode}`) ??
          (isPortTaken(failure) ? ownPort : fixes[code]) ??
          "Read the journal, correct the new version, and reload again.",
        copy: [
          readJournal(manager, subject.service),
          ...(code === "" ? [] : [`${ownCommand()} explain ${code}`]),
          serviceCommand(node === undefined ? "reload" : "restart", subject.name, manager.user),
        ],
      },
    ];
  },
};

/** The shell that starts the new process does not find the Node of the first start. */
function missingNode({ output }: HandoverFailure): string | undefined {
  return output.map(({ message }) => SHELL_NOT_FOUND.exec(message)?.[1]).find((path) => path !== undefined);
}

/** The new process can't listen on a port that the old one has opened by itself. */
function isPortTaken({ output }: HandoverFailure): boolean {
  return output.some(({ message }) => message.includes("EADDRINUSE"));
}

/** The lines of the new version that say most: from its error on, or the last ones. */
function shownOf({ output }: HandoverFailure): readonly JournalLine[] {
  const error = output.findIndex(({ message }) => /^(?:Uncaught )?\w*(?:Error|Exception)\b/.test(message));
  return error === -1 ? output.slice(-LINES) : output.slice(error, error + LINES);
}
