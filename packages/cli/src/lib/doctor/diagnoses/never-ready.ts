import process from "node:process";
import { editUnit } from "../fixes/commands.ts";
import type { Diagnosis, Evidence } from "../model/diagnosis.ts";
import { lastRun, type JournalLine } from "../facts/journal.ts";
import { passedSockets } from "../facts/passed-sockets.ts";
import { processes } from "../facts/processes.ts";
import { serviceProperties, since, type UnitProperties } from "../facts/properties.ts";
import { systemdVersion } from "../facts/systemd-version.ts";
import type { Subject } from "../model/subject.ts";
import { MESSAGE_REFUSED, START_TIMED_OUT } from "../../printed/systemd.ts";

/** How long a start may take before it is reported, in milliseconds. */
const LONG_MS = 5_000;

/** An error of @sockact/notify. */
const couldNotTell = /\bSOCKACT_ERR_NOTIFY_\w+/;

/** The service has a type that reports when it is ready, but systemd got no report. */
export const neverReady: Diagnosis = {
  code: "never-ready",
  severity: "error",
  title: "systemd waits for READY=1 and does not get it",
  why: "With Type=notify, a service is started only when it reports that it is ready. If it does not report in time, systemd stops it after TimeoutStartSec=.",
  looksAt:
    "`Type`, `ActiveState`, `Result`, `NotifyAccess` and `OpenFile` of the service, and the sockets that its event loops wait for. In the journal: `timed out`, `Got notification message` and `SOCKACT_ERR_NOTIFY_`.",
  remedy:
    "Write `OpenFile=/run/systemd/notify:notify` into the service, and make sure that the `ready` option of the app settles. For an app that does not use sockact, write `Type=exec`.",
  explains: [
    "app-warning",
    "notify-wrapped",
    "notify-unheard",
    "open-file-path",
    "notify-blocked",
    "restart-loop",
  ],
  async find(subject) {
    const [service, lines] = await Promise.all([subject.get(serviceProperties), subject.get(lastRun)]);
    if (!service.get("Type").startsWith("notify")) return [];
    const own = lines.filter(({ unit }) => unit === subject.service);
    const timedOut = own.find((line) => line.isOfManager && START_TIMED_OUT.test(line.message));
    const isLong = isStartingFor(service) > LONG_MS;
    const isProtocol = service.get("Result") === "protocol";
    const hasFailed = own.some(({ message }) => couldNotTell.test(message));
    const isAnswered = service.get("ActiveState") === "active";
    if (isAnswered || !(timedOut || isLong || isProtocol || hasFailed)) return [];
    const { systemctl } = subject.host.manager;
    const { reason, evidence, fix, copy } = await reasonOf(subject, service, own);
    return [
      {
        unit: subject.service,
        message: `${
          timedOut
            ? `${subject.service} was not ready in time, and systemd stopped it.`
            : isProtocol
              ? `${subject.service} ended before it was ready.`
              : `${subject.service} has been starting for ${Math.round(isStartingFor(service) / 1000)} s.`
        } ${reason}`,
        evidence: [
          { text: `Type=${service.get("Type")}`, source: `${systemctl} show ${subject.service}` },
          ...(timedOut ? [{ text: timedOut.message, source: `journal of ${subject.service}` }] : []),
          ...evidence,
        ],
        fix,
        copy,
      },
    ];
  },
};

/** How long it has been starting, in milliseconds; 0 if it is not starting. */
function isStartingFor(service: UnitProperties): number {
  return service.get("ActiveState") === "activating" && service.get("SubState") === "start"
    ? since(service.get("InactiveExitTimestampMonotonic"))
    : 0;
}

interface Reason {
  reason: string;
  evidence: Evidence[];
  fix: string;
  copy: string[];
}

async function reasonOf(
  subject: Subject,
  service: UnitProperties,
  lines: readonly JournalLine[],
): Promise<Reason> {
  const { manager } = subject.host;
  const { systemctl } = manager;
  const source = `journal of ${subject.service}`;
  const show = `${systemctl} show ${subject.service}`;
  const path = manager.user ? `/run/user/${process.getuid?.()}/systemd/notify` : "/run/systemd/notify";
  const edit = (...directives: string[]): string[] => [
    ...editUnit(systemctl, subject.service, ["[Service]", ...directives]),
    `${systemctl} restart ${subject.service}`,
  ];

  const version = await subject.host.get(systemdVersion);
  const error = lines.find(({ message }) => couldNotTell.test(message));
  const openFile = service.get("OpenFile");
  // Before 253, systemd-notify(1) sends for the app, and is another process.
  const hasOpenFile = version >= 253;
  const line = hasOpenFile ? `OpenFile=${path}:notify` : "NotifyAccess=all";
  const other = lines.find(({ message }) => MESSAGE_REFUSED.test(message));
  if (other && (hasOpenFile || !error))
    return {
      reason:
        "A process other than its main process reported that it is ready, and NotifyAccess= does not allow that.",
      evidence: [
        { text: other.message, source },
        { text: `NotifyAccess=${service.get("NotifyAccess")}`, source: show },
      ],
      fix: hasOpenFile
        ? "Make ExecStart= run Node directly, and pass the socket from systemd to the app:"
        : "Make ExecStart= run Node directly, and accept messages from its helper:",
      copy: edit(line),
    };

  if (error)
    return {
      reason: "The app could not tell systemd that it is ready.",
      evidence: [
        { text: error.message, source },
        { text: `OpenFile=${openFile}`, source: show },
        { text: `NotifyAccess=${service.get("NotifyAccess")}`, source: show },
      ],
      fix: hasOpenFile
        ? "Pass the socket from systemd to the app:"
        : "Accept messages from systemd-notify, which the app runs:",
      copy: edit(...(openFile === "" ? [] : ["OpenFile="]), line),
    };

  const [running, passed] = await Promise.all([subject.get(processes), subject.get(passedSockets)]);
  const isServing = passed.some(({ inode }) =>
    running.some(({ watched }) => inode !== undefined && watched.has(inode)),
  );
  const hasWay = openFile !== "" || service.get("NotifyAccess") === "all";
  if (isServing)
    return {
      reason: hasWay
        ? "It accepts connections already, but has not reported that it is ready. Either the app does not use sockact, or its option `ready` has not settled."
        : "It accepts connections already, but Node itself can't tell systemd.",
      evidence: [
        {
          text: `The event loop waits for ${passed.map(({ address }) => address).join(" and ")}`,
          source: `/proc/${running[0]?.pid}/fdinfo`,
        },
      ],
      fix: hasWay
        ? "If the app does not use sockact, change the type to exec, as below. Otherwise let the promise of the option `ready` settle. It may wait for a database that does not answer."
        : `If the app does not use sockact, change the type to exec, as below. Otherwise write ${line} instead.`,
      copy: edit("Type=exec"),
    };

  if (!hasWay)
    return {
      reason: hasOpenFile
        ? "Node itself can't tell systemd that it is ready, and the unit has no OpenFile= for sockact."
        : `systemd ${version} does not have OpenFile=, and NotifyAccess= accepts messages from the main process only.`,
      evidence: [
        { text: `OpenFile=${openFile}`, source: show },
        { text: `NotifyAccess=${service.get("NotifyAccess")}`, source: show },
      ],
      fix: "If the app uses sockact, add the line below. Otherwise write Type=exec instead:",
      copy: edit(line),
    };
  return {
    reason:
      "The app has not sent a message to systemd. Either it does not use sockact, or its option `ready` has not settled.",
    evidence: [{ text: `OpenFile=${openFile}`, source: show }],
    fix: "If the app does not use sockact, change the type as below. Otherwise let the promise of `ready` settle:",
    copy: edit("Type=exec"),
  };
}
