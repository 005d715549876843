import { basename } from "node:path";
import type { Diagnosis, Found } from "../model/diagnosis.ts";
import { serviceProperties, socketProperties, type UnitProperties } from "../facts/properties.ts";
import { type Requirement, requirements } from "../facts/requirements.ts";
import type { Host } from "../model/host.ts";
import type { Subject } from "../model/subject.ts";

/** systemd knows the name of the unit, but can't load it. */
export const unitNotLoaded: Diagnosis = {
  code: "unit-not-loaded",
  severity: "error",
  title: "systemd has not loaded a unit",
  why: "systemd can't start a unit that it has not loaded, or a unit that requires it.",
  looksAt: "`LoadState` and `LoadError` of each unit, and of the units that the service requires.",
  remedy: "Correct the line that systemd refuses, run `systemctl unmask`, or install the unit.",
  explains: ["socket-inactive", "socket-failed", "not-enabled", "service-missing"],
  async find(subject) {
    const units = [await subject.get(serviceProperties), ...(await subject.get(socketProperties))];
    const own = units.filter((unit) => !unit.isLoaded).map((unit) => foundIn(unit, subject.host));
    const missing = (await subject.get(requirements)).filter(({ LoadState }) =>
      /^(?:not-found|masked)$/.test(LoadState),
    );
    return [...own, ...missing.map((each) => missingFor(subject, each))];
  },
};

/** Another unit that the service requires. */
function missingFor({ service, host }: Subject, { unit, LoadState }: Requirement): Found {
  const { systemctl } = host.manager;
  const isMasked = LoadState === "masked";
  return {
    unit: service,
    message: `${service} requires ${unit}, which ${isMasked ? "is masked" : "does not exist"}. So it can't start.`,
    evidence: [{ text: `LoadState=${LoadState}`, source: `${systemctl} show ${unit}` }],
    fix: isMasked
      ? "Unmask the unit, or remove it from Requires= of the service."
      : `Install ${unit}, correct its name in Requires= of the service, or remove it from there.`,
    copy: [
      isMasked ? `${systemctl} unmask ${unit}` : `${systemctl} edit --full ${service}`,
      `${systemctl} restart ${service}`,
    ],
  };
}

function foundIn(properties: UnitProperties, { manager }: Host): Found {
  const { unit } = properties;
  const state = properties.get("LoadState");
  const path = properties.get("FragmentPath");
  const error = properties.get("LoadError").replace(/^\S+ "(.*)"$/s, "$1");
  const reload = `${manager.systemctl} daemon-reload`;
  const about = {
    unit,
    message: error === "" ? `${unit} is ${state}.` : `${unit} is ${state}: ${error}`,
    evidence: [
      { text: `LoadState=${state}`, source: `${manager.systemctl} show ${unit}` },
      ...(error === "" ? [] : [{ text: `LoadError=${error}`, source: `${manager.systemctl} show ${unit}` }]),
    ],
  };
  switch (state) {
    case "masked": {
      // The template may be masked instead. A mask below /run lasts until the next boot.
      const runtime = path.startsWith("/run/") ? "--runtime " : "";
      return {
        ...about,
        fix: "Unmask the unit.",
        copy: [`${manager.systemctl} unmask ${runtime}${path === "" ? unit : basename(path)}`],
      };
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
        copy: [`systemd-analyze ${manager.user ? "--user " : ""}verify ${path || unit}`, reload],
      };
  }
}
