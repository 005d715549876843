import type { Diagnosis } from "../model/diagnosis.ts";
import { serviceProperties, socketProperties } from "../facts/properties.ts";

/** A file has changed since systemd read it. */
export const unitOutdated: Diagnosis = {
  code: "unit-outdated",
  severity: "warning",
  title: "systemd has not read the unit since it changed",
  why: "systemd keeps using the old version of a file until you run systemctl daemon-reload. A running service keeps its old settings until it restarts, and so does a socket.",
  looksAt: "`NeedDaemonReload` of each unit.",
  remedy: "Run `systemctl daemon-reload`, and restart the unit.",
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
