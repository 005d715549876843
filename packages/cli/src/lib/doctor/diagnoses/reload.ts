import { CUT, DRAINED, DRAINING, PREFIX, RELOAD_FAILED } from "@sockact/shared/texts";
import { tookText } from "../../output/quantities.ts";
import { SHELL_NOT_FOUND } from "../../printed/programs.ts";
import { ownCommand } from "../../shared/own-command.ts";
import { millisecondsOf } from "../../shared/milliseconds.ts";
import { changedSince, environmentFilesOf } from "../../systemd/changed-files.ts";
import { oldProcesses } from "../../systemd/control-group.ts";
import { serves } from "../../systemd/unit-state.ts";
import { credentialFiles, unitFiles } from "../facts/files.ts";
import { handover, type HandoverFailure, lastReload } from "../facts/handover.ts";
import { appLines, type JournalLine, quoted } from "../facts/journal.ts";
import { processes } from "../facts/processes.ts";
import { serviceUnit, since, uptime } from "../facts/units.ts";
import { readJournal } from "../model/commands.ts";
import type { Diagnosis } from "../model/diagnosis.ts";

/** How long the new version may take before it is reported, in milliseconds. */
const LONG_MS = 5_000;

/** How many lines of the new version, and of a reload, a report has. */
const [LINES, RELOAD_LINES] = [5, 8];

/** Reloads and handovers that failed or do not end. */
export const reload: readonly Diagnosis[] = [
  {
    code: "reload-failed",
    severity: "warning",
    title: "the last reload failed, and the app keeps its old settings",
    why: "The `onReload` of the app has failed, or a key or a certificate could not be used. Clients get answers, but with the old settings or the old certificate, which may expire. `systemctl reload` succeeds anyway.",
    looksAt: "The status of the service, and what the app has printed since the reload began.",
    remedy: "Correct the error, and run `sockact reload` again.",
    async find(subject) {
      const [service, lines] = await subject.all(serviceUnit, appLines);
      if (!service.get("StatusText").includes(RELOAD_FAILED) || service.state === "inactive") return [];
      const start = lastReload(lines);
      const output = start === -1 ? [] : lines.slice(start, start + RELOAD_LINES);
      return {
        message: `The last reload of ${subject.service} failed, so it runs with old settings or certificates.`,
        evidence: [...service.show("StatusText"), ...quoted(output)],
        fix: "Correct the error that the app printed during the reload. Then reload again.",
        copy: [readJournal(subject), subject.command("reload")],
      };
    },
  },
  {
    code: "handover-failed",
    severity: "warning",
    title: "the last handover failed, and the old version serves",
    why: "The old process did not hand over, because the new one ended, was not ready in time, or did not serve every socket. Clients get answers, but from the old version.",
    looksAt: "The errors of sockact in the journal of the service, and its status.",
    remedy: "Correct the new version, and run `sockact reload` again.",
    explains: ["port-taken"],
    async find(subject) {
      const [{ failure }, service] = await subject.all(handover, serviceUnit);
      if (failure === undefined || failure.code === "SOCKACT_ERR_HANDOVER_UNSUPPORTED") return [];
      const { code, line, output } = failure;
      // The shell that starts the new process does not find the Node of the first start.
      const node = output.map(({ message }) => SHELL_NOT_FOUND.exec(message)?.[1]).find(Boolean);
      // The new process can't listen on a port that the old one opened itself.
      const isPortTaken = output.some(({ message }) => message.includes("EADDRINUSE"));
      const fix =
        node === undefined
          ? ((isPortTaken ? ownPort : fixes[code]) ??
            "Read the journal, correct the new version, and reload again.")
          : `${node} does not exist any more. ${ownNode}`;
      return {
        message: `${subject.service} runs its old version, because the last handover failed${code === "" ? "" : `: ${code}`}.`,
        evidence:
          line === undefined
            ? [service.evidence("StatusText= contains “the handover failed”")]
            : quoted([...shownOf(failure), line]),
        fix,
        copy: [
          readJournal(subject),
          ...(code === "" ? [] : [ownCommand("explain", code)]),
          subject.command(node === undefined ? "reload" : "restart"),
        ],
      };
    },
  },
  {
    code: "handover-waiting",
    severity: "warning",
    title: "the new version of a handover is not ready yet",
    why: "The old version serves until the new one is ready. After handoverTimeout, which is 60 s by default, the new one is ended, and the handover has failed.",
    looksAt: "The status of the service, and the lines of the new version in the journal.",
    remedy:
      "Find out what the new version waits for: it is ready when it listens on each socket, and `onListen` is fulfilled.",
    explains: ["app-warning", "handover-failed"],
    async find(subject) {
      const { current } = await subject.get(handover);
      const waited = current === undefined ? 0 : Date.now() - current.line.time;
      if (current === undefined || waited < LONG_MS) return [];
      return {
        message: `The new version of ${subject.service} has been starting for ${tookText(waited)}, and is not ready. Process ${current.line.pid} serves meanwhile.`,
        evidence: quoted([current.line, ...current.output.slice(-LINES)]),
        fix: "Find out what the new version waits for before it listens on each socket, or what its `onListen` waits for, such as a database. If the app never calls listen(), correct that.",
        copy: [subject.command("logs")],
      };
    },
  },
  {
    // The linter finds most of the reasons in the unit.
    code: "handover-unsupported",
    severity: "warning",
    title: "handover is on, but this service can't hand over",
    why: "For a handover, one process has to serve the sockets, and systemd has to accept another main process. Without that, a reload does not start the new version.",
    looksAt: "`SOCKACT_ERR_HANDOVER_UNSUPPORTED` in the journal of the service.",
    remedy: "Do what the error says, or turn `handover` off.",
    explains: ["handover-impossible"],
    async find(subject) {
      const { failure } = await subject.get(handover);
      if (failure?.line === undefined || failure.code !== "SOCKACT_ERR_HANDOVER_UNSUPPORTED") return [];
      return {
        message: `${subject.service} was asked to hand over, and can't.`,
        evidence: quoted([failure.line]),
        fix: "Do what the error says, or turn handover off.",
        copy: [ownCommand("explain", failure.code)],
      };
    },
  },
  {
    code: "handover-unfinished",
    severity: "warning",
    title: "the old process of a handover does not end",
    why: "It serves no client any more, but keeps its memory, its files and its connections to databases. Each reload adds another one.",
    looksAt:
      "The processes of the service with the command line of its main process, and whether they have drained. They may take as long as `TimeoutStopSec=`.",
    remedy: "Let the promise of `onStop` settle. To end the process now, kill it.",
    async find(subject) {
      const [service, all, lines] = await subject.all(serviceUnit, processes, appLines);
      const age = uptime(service);
      if (age < millisecondsOf(service.get("TimeoutStopUSec"))) return [];
      return oldProcesses(all, Number(service.get("MainPID"))).flatMap(({ pid }) => {
        const last = lines.findLast((line) => line.pid === pid && isOfDrain(line));
        // Its connections may take until drainTimeout, which is longer than TimeoutStopSec=.
        if (last?.message.includes(DRAINING) === true) return [];
        return {
          message: `Process ${pid} still runs, although it was replaced ${tookText(age)} ago. Its onStop has not ended, or it has drained for longer than TimeoutStopSec=.`,
          evidence: [...quoted([last]), ...service.show("MainPID")],
          fix: "Let the promise of onStop settle in the app. End this process now:",
          copy: [`kill -KILL ${pid}`],
        };
      });
    },
  },
  {
    // The service runs with the unit of its first start, because reloads do not apply changes.
    code: "handover-unit-changed",
    severity: "warning",
    title: "the unit, or a file that it names, has changed since the service was started",
    why: "The new process of a handover gets the environment and the sandbox of the first one. Only a restart applies a change of the unit, or of a file of EnvironmentFile= or LoadCredential=.",
    looksAt:
      "The times of the files of a service with handover: of the unit, `EnvironmentFile=` and `LoadCredential=`. When the service was started.",
    remedy: "Run `sockact restart`.",
    async find(subject) {
      const [{ isConfigured, hasHappened }, service, files, credentials] = await subject.all(
        handover,
        serviceUnit,
        unitFiles,
        credentialFiles,
      );
      const isUp = serves({ ActiveState: service.state });
      // Files that systemd has not re-read are another finding.
      if (!isUp || !(isConfigured || hasHappened) || service.get("NeedDaemonReload") === "yes") return [];
      const started = Date.now() - since(service.get("InactiveExitTimestampMonotonic"));
      const own = files.filter(({ unit }) => unit === subject.service).map(({ path }) => path);
      const named = [...environmentFilesOf(service.get("EnvironmentFiles")), ...credentials];
      const found = await changedSince([...new Set([...own, ...named])], started);
      return found.map(({ path, changed }) => ({
        message: `${path} has changed since ${subject.service} was started. A reload does not apply that.`,
        evidence: [
          { text: `changed ${new Date(changed).toISOString()}`, source: path },
          service.evidence(`started ${new Date(started).toISOString()}`),
        ],
        fix: "Restart the service to apply the change.",
        copy: [`${subject.systemctl} restart ${subject.service}`],
      }));
    },
  },
];

const fixes: Record<string, string> = {
  SOCKACT_ERR_HANDOVER_EXITED:
    "Correct the error that the new version printed, or go back to the version before. Then reload again.",
  SOCKACT_ERR_HANDOVER_TIMEOUT:
    "Find out what the new version waits for before it listens on each socket, or what the `onListen` of the new version waits for, such as a database. If the start takes that long, raise SOCKACT_HANDOVER_TIMEOUT=. Then reload again.",
  SOCKACT_ERR_HANDOVER_SOCKETS:
    "Let the new version listen on every socket of the service, and reload again. If a socket is no longer needed, remove its unit, and restart the service.",
};

const ownPort =
  "Both versions run during a handover, so the new one can't listen on a port that the old one has opened by itself. Give that port a socket unit, too. If another service has the port, choose another one.";

const ownNode =
  "A handover starts the Node that the old process runs, by its real path. Restart the service: systemd starts the Node that the unit names.";

/** The most relevant lines of the new version: from its error on, or the last ones. */
function shownOf({ output }: HandoverFailure): readonly JournalLine[] {
  const error = output.findIndex(({ message }) => /^(?:Uncaught )?\w*(?:Error|Exception)\b/.test(message));
  return error === -1 ? output.slice(-LINES) : output.slice(error, error + LINES);
}

function isOfDrain({ message }: JournalLine): boolean {
  return (
    message.startsWith(PREFIX) &&
    (message.includes(DRAINING) || [DRAINED, CUT].some((text) => message.startsWith(text, PREFIX.length)))
  );
}
