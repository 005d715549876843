import { DEPENDENCY_FAILED, TRIGGER_LIMIT } from "../../printed/systemd.ts";
import { site } from "../../shared/site.ts";
import { lastChange, unitFiles } from "../facts/files.ts";
import { journal, lastLines, lastRun, quoted } from "../facts/journal.ts";
import { requirements, serviceUnit, since, socketUnits, uptime } from "../facts/units.ts";
import { failureText, isSleep, lastEnd, longestGap, recentStarts, runs } from "../facts/runs.ts";
import { addLines, editUnit, readJournal } from "../model/commands.ts";
import type { Diagnosis, Evidence } from "../model/diagnosis.ts";
import type { Subject } from "../model/subject.ts";

/** Services that end again and again, and systemd's reaction. */
export const restarts: readonly Diagnosis[] = [
  {
    code: "start-limit-hit",
    severity: "error",
    title: "the service was started too often, and systemd has given up",
    why: "By default systemd allows five starts in ten seconds. After that, the socket fails too. Clients are refused until you start the socket again.",
    looksAt: "`Result` of the service and of each socket unit, and how the service exited.",
    remedy:
      "Correct the error that makes the service exit. Then run `systemctl reset-failed` and `systemctl start`. To keep the port open in future, write `StartLimitIntervalSec=0`, `Restart=on-failure` and `RestartSec=1s` into the service.",
    explains: ["restart-loop", "idle-spin", "socket-failed", "start-limit", "not-enabled"],
    async find(subject) {
      const [service, sockets, lines, end] = await subject.all(serviceUnit, socketUnits, lastRun, lastEnd);
      const { systemctl } = subject;
      const failed = sockets.filter((socket) => socket.get("Result") === "service-start-limit-hit");
      const units = [...(service.get("Result") === "start-limit-hit" ? [service] : []), ...failed];
      if (units.length === 0) return [];
      const said = lines.find(({ message }) => /start request repeated too quickly/i.test(message));
      const closed = failed.map(({ unit }) => unit);
      return {
        unit: closed[0] ?? service.unit,
        message:
          `${subject.service} was started too often: it ended each time. ${end.text} ${closed.length > 0 ? `${closed.join(" and ")} does not listen any more.` : ""}`.trim(),
        evidence: [...units.flatMap((unit) => unit.show("Result")), ...quoted([said])],
        fix: "Correct the error that ends the service: its journal has the details. Then start the socket again. With the lines below, the port stays open the next time.",
        copy: [
          readJournal(subject),
          ...editUnit(subject, subject.service, [
            "[Unit]",
            "StartLimitIntervalSec=0",
            "[Service]",
            "Restart=on-failure",
            "RestartSec=1s",
          ]),
          `${systemctl} reset-failed ${[subject.service, ...closed].join(" ")}`,
          `${systemctl} start ${subject.sockets.join(" ")}`,
        ],
      };
    },
  },
  {
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
      const [sockets, lines, why] = await subject.all(socketUnits, lastRun, whyItEnded);
      return sockets
        .filter((socket) => socket.get("Result") === "trigger-limit-hit")
        .map((socket) => {
          const { unit } = socket;
          const said = lines.find(
            (line) => line.unit === unit && line.isOfManager && TRIGGER_LIMIT.test(line.message),
          );
          return {
            unit,
            message: `${unit} has started ${subject.service} too often: ${why.text}`,
            evidence: [...socket.show("Result"), ...quoted([said]), ...why.evidence],
            fix: why.fix,
            copy: [...why.copy, `${subject.systemctl} start ${unit}`],
          };
        });
    },
  },
  {
    code: "restart-loop",
    severity: "error",
    title: "the service exits soon after each start, and starts again",
    why: "Restart= starts the service again, and so does each waiting client. The starts take processor time, and no client gets an answer.",
    looksAt: "How often the service was started in the last minute, and how it ended.",
    remedy: "Read the journal of the service, and correct the error that makes it exit.",
    async find(subject) {
      const [service, all, end] = await subject.all(serviceUnit, runs, lastEnd);
      const recent = recentStarts(all);
      // After a manual restart, the service was running in between. If it then ran for long, the error is
      // fixed.
      const isUp =
        service.state === "active" &&
        (service.get("NRestarts") === "0" || uptime(service) > 2 * longestGap(recent));
      if (recent.length === 0 || isUp || end.isAsleep) return [];
      const seconds = Math.max(1, Math.round((recent.at(-1)!.started - recent[0]!.started) / 1000));
      return {
        message: `${subject.service} was started ${recent.length} times in ${seconds} s. ${end.text}`.trim(),
        evidence: [...service.show("NRestarts"), ...quoted(await subject.get(lastLines))],
        fix: "Read its journal to find out why it ends.",
        copy: [readJournal(subject)],
      };
    },
  },
  {
    code: "idle-spin",
    severity: "warning",
    title: "the service goes to sleep and wakes again and again",
    why: "Each time it wakes, a client waits until the app has started. If the app exits before it accepts that client, the same client wakes it again.",
    looksAt:
      "How often the service was started in the last minute, and whether it exited with a status of `RestartPreventExitStatus`.",
    remedy: "Set a longer `idleTimeout`, or correct the error that makes the app exit before it accepts.",
    async find(subject) {
      const [service, all, end] = await subject.all(serviceUnit, runs, lastEnd);
      // A run that has crashed, perhaps before the repair, has not gone to sleep.
      const { length } = recentStarts(
        all.filter(({ end: own }) => own === undefined || isSleep(service, own)),
      );
      if (length === 0 || !end.isAsleep) return [];
      return {
        message: `${subject.service} was started ${length} times in the last minute. ${end.text} An app that goes to sleep exits like this.`,
        evidence: service.show("RestartPreventExitStatus"),
        fix: "Let it stay awake longer:",
        copy: addLines(subject, subject.service, "Environment=SOCKACT_IDLE_TIMEOUT=5min"),
      };
    },
  },
  {
    // The journal may be missing or unreadable.
    code: "service-failed",
    severity: "error",
    title: "the service has failed",
    why: "The journal has no line that explains it, or you may not read the journal.",
    looksAt:
      "`Result`, `ExecMainCode`, `ExecMainStatus` and `NRestarts` of the service. The doctor reports this only if it finds no other error.",
    remedy: "Read the journal of the service as root. Correct the error there, and start the service again.",
    isLastResort: true,
    async find(subject) {
      const [service, files] = await subject.all(serviceUnit, unitFiles);
      const hasFailed = service.state === "failed" || service.get("SubState").startsWith("auto-restart");
      if (!hasFailed || service.get("Result") === "success") return [];
      // The unit has changed since then.
      const failedAt = Date.now() - since(service.get("StateChangeTimestampMonotonic"));
      if (lastChange(files, subject.service) > failedAt) return [];
      return {
        message: `${subject.service} has failed. ${failureText(service)}`.trim(),
        evidence: service.show("Result", "ExecMainCode", "ExecMainStatus", "NRestarts"),
        fix: "Read its journal to find out why it ended. If the journal has no lines of that time, start the service, and look again.",
        copy: [
          `${subject.host.manager.user ? "" : "sudo "}${readJournal(subject)}`,
          `${subject.systemctl} restart ${subject.service}`,
        ],
      };
    },
  },
];

interface Why {
  text: string;
  evidence: readonly Evidence[];
  fix: string;
  copy: readonly string[];
}

/** Why the service ended before it accepted the connection that started it. */
async function whyItEnded(subject: Subject): Promise<Why> {
  const { service, systemctl } = subject;
  const [properties, lines] = await subject.all(serviceUnit, journal);
  // A start that systemd did not attempt is not part of any run.
  const isDependency = lines.some(
    ({ unit, isOfManager, message }) => unit === service && isOfManager && DEPENDENCY_FAILED.test(message),
  );
  const required = isDependency ? await subject.get(requirements) : [];
  const failed = required.filter((each) => each.state === "failed");
  const unmet = properties.isConditionUnmet ? await conditions(subject) : [];
  if (failed.length > 0) {
    const names = failed.map(({ unit }) => unit).join(" and ");
    return {
      text: `${service} requires ${names}, which has failed.`,
      evidence: [...unmet, ...failed.flatMap((each) => each.show("ActiveState"))],
      fix: `Find out why ${names} failed, and start it. Then start the socket again.`,
      copy: failed.flatMap(({ unit }) => [readJournal(subject, unit), `${systemctl} restart ${unit}`]),
    };
  }
  if (properties.isConditionUnmet)
    return {
      text: "a condition of the service is not met, so the service never starts.",
      evidence: unmet,
      fix: "Meet the condition, or remove it from the service. Then start the socket again.",
      copy: [`${systemctl} cat ${service}`],
    };
  const end = await subject.get(lastEnd);
  return {
    text: `it ended each time before it accepted the client. ${end.text}`.trim(),
    evidence: [],
    fix: `Correct the error that ends the service: its journal has the details. Then start the socket again. A service that uses sockact exits by itself only when it goes to sleep: see RestartPreventExitStatus= in ${site}lifecycle.`,
    copy: [readJournal(subject)],
  };
}

/** The conditions in the files of the service. */
async function conditions(subject: Subject): Promise<Evidence[]> {
  const files = (await subject.get(unitFiles)).filter(({ unit }) => unit === subject.service);
  return files.flatMap(({ text, path }) => {
    const lines = text.match(/^(?:Condition|Assert)\w+=.+$/gm);
    return lines === null ? [] : [{ text: lines.join("\n"), source: path }];
  });
}
