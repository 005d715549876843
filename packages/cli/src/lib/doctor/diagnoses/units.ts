import { basename } from "node:path";
import { requirements, timerUnits, type Unit, allUnits } from "../facts/units.ts";
import type { Diagnosis, Found } from "../model/diagnosis.ts";
import type { Subject } from "../model/subject.ts";

/** The units as systemd has loaded them. */
export const units: readonly Diagnosis[] = [
  {
    code: "unit-not-loaded",
    severity: "error",
    title: "systemd has not loaded a unit",
    why: "systemd can't start a unit that it has not loaded, or a unit that requires it.",
    looksAt: "`LoadState` and `LoadError` of each unit, and of the units that the service requires.",
    remedy: "Correct the line that systemd refuses, run `systemctl unmask`, or install the unit.",
    explains: ["socket-inactive", "socket-failed", "not-enabled", "service-missing"],
    async find(subject) {
      const [own, required] = await subject.all(allUnits, requirements);
      const missing = required.filter((each) => /^(?:not-found|masked)$/.test(each.get("LoadState")));
      return [
        ...own.filter((unit) => !unit.isLoaded).map((unit) => notLoaded(unit, subject)),
        ...missing.map((each) => requiredButMissing(each, subject)),
      ];
    },
  },
  {
    code: "unit-outdated",
    severity: "warning",
    title: "systemd has not read the unit since it changed",
    why: "systemd keeps using the old version of a file until you run systemctl daemon-reload. A running service keeps its old settings until it restarts, and so does a socket.",
    looksAt: "`NeedDaemonReload` of each unit.",
    remedy: "Run `systemctl daemon-reload`, and restart the unit.",
    async find(subject) {
      const { systemctl } = subject;
      const outdated = (await subject.get(allUnits)).filter((each) => each.get("NeedDaemonReload") === "yes");
      return outdated.map((each) => ({
        unit: each.unit,
        message: `The files of ${each.unit} have changed since systemd read them.`,
        evidence: each.show("NeedDaemonReload"),
        fix: "Let systemd read the files again, and restart the unit.",
        copy: [`${systemctl} daemon-reload`, `${systemctl} restart ${each.unit}`],
      }));
    },
  },
  {
    code: "timer-inactive",
    severity: "error",
    title: "the timer is not started",
    why: "systemd starts the service regularly only while its timer is active. Until then, what the service writes gets older.",
    looksAt: "`ActiveState` and `UnitFileState` of each timer in `TriggeredBy` of the service.",
    remedy: "Run `systemctl enable --now` for the timer.",
    async find(subject) {
      const { service, systemctl } = subject;
      const timers = (await subject.get(timerUnits)).filter((timer) => timer.isLoaded);
      return timers.flatMap((timer) => {
        const isActive = timer.state === "active";
        if (isActive && timer.get("UnitFileState") !== "disabled") return [];
        return {
          unit: timer.unit,
          severity: isActive ? "warning" : "error",
          message: isActive
            ? `${timer.unit} runs now, but does not after the next boot.`
            : `${timer.unit} does not run, so nothing starts ${service}.`,
          evidence: timer.show("ActiveState", "UnitFileState"),
          fix: "Start the timer, and enable it.",
          copy: [`${systemctl} enable --now ${timer.unit}`],
        };
      });
    },
  },
];

/** Another unit that the service requires. */
function requiredButMissing(required: Unit, { service, systemctl }: Subject): Found {
  const { unit } = required;
  const isMasked = required.get("LoadState") === "masked";
  return {
    message: `${service} requires ${unit}, which ${isMasked ? "is masked" : "does not exist"}. So it can't start.`,
    evidence: required.show("LoadState"),
    fix: isMasked
      ? "Unmask the unit, or remove it from Requires= of the service."
      : `Install ${unit}, correct its name in Requires= of the service, or remove it from there.`,
    copy: [
      isMasked ? `${systemctl} unmask ${unit}` : `${systemctl} edit --full ${service}`,
      `${systemctl} restart ${service}`,
    ],
  };
}

function notLoaded(properties: Unit, { host, systemctl }: Subject): Found {
  const { unit } = properties;
  const state = properties.get("LoadState");
  const path = properties.get("FragmentPath");
  const error = properties.get("LoadError").replace(/^\S+ "(.*)"$/s, "$1");
  const reload = `${systemctl} daemon-reload`;
  const about = {
    unit,
    message: error === "" ? `${unit} is ${state}.` : `${unit} is ${state}: ${error}`,
    evidence: [
      ...properties.show("LoadState"),
      ...(error === "" ? [] : [properties.evidence(`LoadError=${error}`)]),
    ],
  };
  switch (state) {
    case "masked": {
      // The template may be masked instead. A mask below /run lasts until the next boot.
      const runtime = path.startsWith("/run/") ? "--runtime " : "";
      const copy = [`${systemctl} unmask ${runtime}${path === "" ? unit : basename(path)}`];
      return { ...about, fix: "Unmask the unit.", copy };
    }
    case "not-found":
      return {
        ...about,
        fix: `Install ${unit}, or correct its name in the units that refer to it. Then let systemd read the files.`,
        copy: [reload],
      };
    default:
      return {
        ...about,
        fix: `Correct ${path || "its file"}: systemd-analyze shows the faulty line. Then let systemd read the file.`,
        copy: [`systemd-analyze ${host.manager.user ? "--user " : ""}verify ${path || unit}`, reload],
      };
  }
}
