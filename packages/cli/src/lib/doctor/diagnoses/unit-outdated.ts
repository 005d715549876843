import type { Diagnosis } from "../model/diagnosis.ts";
import { serviceProperties, socketProperties } from "../facts/properties.ts";

/** A file has changed since systemd read it. */
export const unitOutdated: Diagnosis = {
  code: "unit-outdated",
  severity: "warning",
  title: "systemd has not read the unit since it changed",
  why: "systemd keeps to what it has read until it is told to read the files again. A service that runs has the old settings until it restarts, and a socket until it is restarted.",
  looksAt: "`NeedDaemonReload` of each unit",
  remedy: "`systemctl daemon-reload`, and restart the unit",
  async find(subject) {
    const { systemctl } = subject.host.manager;
    const units = [await subject.get(serviceProperties), ...(await subject.get(socketProperties))];
    return units
      .filter((unit) => unit.get("NeedDaemonReload") === "yes")
      .map((unit) => ({
        unit: unit.unit,
        message: `The files of ${unit.unit} have changed since systemd read them.`,
        evidence: [{ text: "NeedDaemonReload=yes", source: `${systemctl} show ${unit.unit}` }],
        fix: "Let systemd read the files again, and restart the unit.",
        copy: [`${systemctl} daemon-reload`, `${systemctl} restart ${unit.unit}`],
      }));
  },
};
