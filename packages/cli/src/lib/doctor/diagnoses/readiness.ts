import process from "node:process";
import { MESSAGE_REFUSED, START_TIMED_OUT } from "../../printed/systemd.ts";
import { appWarnings, UNCLAIMED } from "../facts/app-output.ts";
import { blockedLoop } from "../facts/blocked-loop.ts";
import { type JournalLine, lastRun, quoted } from "../facts/journal.ts";
import { processes } from "../facts/processes.ts";
import { serviceUnit, since, systemdVersion, type Unit } from "../facts/units.ts";
import { isServedBy, passedSockets } from "../facts/sockets.ts";
import { addLines } from "../model/commands.ts";
import type { Diagnosis, Evidence } from "../model/diagnosis.ts";
import type { Subject } from "../model/subject.ts";

/** How long a start may take before it is reported, in milliseconds. */
const LONG_MS = 5_000;

/** An error of @sockact/notify. */
const NOTIFY_FAILED = /\bSOCKACT_ERR_NOTIFY_\w+/;

/** Running apps that are not ready, or do not answer. */
export const readiness: readonly Diagnosis[] = [
  {
    code: "never-ready",
    severity: "error",
    title: "systemd waits for READY=1 and does not get it",
    why: "With Type=notify, a service is started only when it reports that it is ready. If it does not report in time, systemd stops it after TimeoutStartSec=.",
    looksAt:
      "`Type`, `ActiveState`, `Result`, `NotifyAccess` and `OpenFile` of the service, and the sockets that its event loops wait for. In the journal: `timed out`, `Got notification message` and `SOCKACT_ERR_NOTIFY_`.",
    remedy:
      "Write `OpenFile=/run/systemd/notify:notify` into the service, and make sure that the `onListen` option of the app settles. For an app that does not use sockact, write `Type=exec`.",
    explains: [
      "app-warning",
      "notify-wrapped",
      "notify-unheard",
      "open-file-path",
      "notify-blocked",
      "restart-loop",
    ],
    async find(subject) {
      const [service, lines] = await subject.all(serviceUnit, lastRun);
      if (!service.get("Type").startsWith("notify") || service.state === "active") return [];
      const own = lines.filter(({ unit }) => unit === subject.service);
      const timedOut = own.find((line) => line.isOfManager && START_TIMED_OUT.test(line.message));
      const starting = startingFor(service);
      const isProtocol = service.get("Result") === "protocol";
      const hasFailed = own.some(({ message }) => NOTIFY_FAILED.test(message));
      if (!timedOut && starting <= LONG_MS && !isProtocol && !hasFailed) return [];
      const { reason, evidence, fix, lines: added } = await reasonOf(subject, service, own);
      const what = timedOut
        ? "was not ready in time, and systemd stopped it."
        : isProtocol
          ? "ended before it was ready."
          : `has been starting for ${Math.round(starting / 1000)} s.`;
      return {
        message: `${subject.service} ${what} ${reason}`,
        evidence: [...service.show("Type"), ...quoted([timedOut]), ...evidence],
        fix,
        copy: addLines(subject, subject.service, ...added),
      };
    },
  },
  {
    // Code of the app runs for too long, so the event loop does not accept connections.
    code: "event-loop-blocked",
    severity: "error",
    title: "the event loop of the app is blocked",
    why: "Node runs JavaScript in one thread. While a function runs, the event loop accepts no client and answers none. A signal to stop waits too.",
    looksAt:
      "The queue of each socket, and whether the main thread of the app uses the processor all the time without accepting a client. The doctor looks for a second, and not in the first 10 seconds after a start.",
    remedy:
      "Split the long work into short steps, or move it to a worker thread. With `WatchdogSec=`, systemd restarts a service whose event loop is blocked.",
    explains: ["socket-not-claimed", "never-ready"],
    async find(subject) {
      // If the app has warned about its socket, its event loop is not blocked.
      const warnings = await subject.get(appWarnings);
      if (warnings.some(({ code }) => UNCLAIMED.includes(code))) return [];
      const blocked = await subject.get(blockedLoop);
      if (blocked === undefined) return [];
      const { pid, addresses, watchedFor } = blocked;
      return {
        message: `The event loop of process ${pid} is blocked: the process uses the processor all the time, and accepts no client.`,
        evidence: [
          {
            text: `The main thread ran for ${watchedFor} ms without a new connection`,
            source: `/proc/${pid}/task/${pid}/stat`,
          },
          ...addresses.map((address) => ({ text: `A client waits at ${address}`, source: "/proc/net" })),
        ],
        fix: "Find the code that runs so long: a loop without end, a slow regular expression, or a large JSON. Split it into short steps, or move it to a worker thread. To serve again now, kill the process, which reacts to no other signal: systemd or the next client starts the service again.",
        copy: [`${subject.systemctl} kill --signal=KILL ${subject.service}`],
      };
    },
  },
];

/** How long it has been starting, in milliseconds, or 0. */
function startingFor(service: Unit): number {
  return service.state === "activating" && service.get("SubState") === "start"
    ? since(service.get("InactiveExitTimestampMonotonic"))
    : 0;
}

interface Reason {
  reason: string;
  evidence: readonly Evidence[];
  fix: string;
  /** The lines to add to the service. */
  lines: readonly string[];
}

async function reasonOf(subject: Subject, service: Unit, printed: readonly JournalLine[]): Promise<Reason> {
  const version = await subject.host.get(systemdVersion);
  // Before 253, systemd-notify(1), a separate process, sends the messages.
  const hasOpenFile = version >= 253;
  const folder = subject.host.manager.user ? `/run/user/${process.getuid?.()}` : "/run";
  const line = hasOpenFile ? `OpenFile=${folder}/systemd/notify:notify` : "NotifyAccess=all";
  const openFile = service.get("OpenFile");
  const error = printed.find(({ message }) => NOTIFY_FAILED.test(message));
  const other = printed.find(({ message }) => MESSAGE_REFUSED.test(message));
  if (other && (hasOpenFile || !error))
    return {
      reason:
        "A process other than its main process reported that it is ready, and NotifyAccess= does not allow that.",
      evidence: [...quoted([other]), ...service.show("NotifyAccess")],
      fix: hasOpenFile
        ? "Make ExecStart= run Node directly, and pass the socket from systemd to the app:"
        : "Make ExecStart= run Node directly, and accept messages from its helper:",
      lines: [line],
    };
  if (error)
    return {
      reason: "The app could not tell systemd that it is ready.",
      evidence: [...quoted([error]), ...service.show("OpenFile", "NotifyAccess")],
      fix: hasOpenFile
        ? "Pass the socket from systemd to the app:"
        : "Accept messages from systemd-notify, which the app runs:",
      lines: [...(openFile === "" ? [] : ["OpenFile="]), line],
    };

  const [running, passed] = await subject.all(processes, passedSockets);
  const hasWay = openFile !== "" || service.get("NotifyAccess") === "all";
  if (passed.some(isServedBy(running)))
    return {
      reason: hasWay
        ? "It accepts connections already, but has not reported that it is ready. Either the app does not use sockact, or its option `onListen` has not settled."
        : "It accepts connections already, but Node itself can't tell systemd.",
      evidence: [
        {
          text: `The event loop waits for ${passed.map(({ address }) => address).join(" and ")}`,
          source: `/proc/${running[0]?.pid}/fdinfo`,
        },
      ],
      fix: hasWay
        ? "If the app does not use sockact, change the type to exec, as below. Otherwise let the promise of the option `onListen` settle. It may wait for a database that does not answer."
        : `If the app does not use sockact, change the type to exec, as below. Otherwise write ${line} instead.`,
      lines: ["Type=exec"],
    };
  if (!hasWay)
    return {
      reason: hasOpenFile
        ? "Node itself can't tell systemd that it is ready, and the unit has no OpenFile= for sockact."
        : `systemd ${version} does not have OpenFile=, and NotifyAccess= accepts messages from the main process only.`,
      evidence: service.show("OpenFile", "NotifyAccess"),
      fix: "If the app uses sockact, add the line below. Otherwise write Type=exec instead:",
      lines: [line],
    };
  return {
    reason:
      "The app has not sent a message to systemd. Either it does not use sockact, or its option `onListen` has not settled.",
    evidence: service.show("OpenFile"),
    fix: "If the app does not use sockact, change the type as below. Otherwise let the promise of `onListen` settle:",
    lines: ["Type=exec"],
  };
}
