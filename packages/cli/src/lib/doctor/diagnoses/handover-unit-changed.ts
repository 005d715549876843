import { changedSince, environmentFilesOf } from "../../systemd/changed-files.ts";
import { credentialFiles } from "../facts/environment.ts";
import { handover } from "../facts/handover.ts";
import { serviceProperties, since } from "../facts/properties.ts";
import { unitFiles } from "../facts/unit-files.ts";
import type { Diagnosis } from "../model/diagnosis.ts";

/** The service runs with the unit of its first start, since reloads do not apply a change. */
export const handoverUnitChanged: Diagnosis = {
  code: "handover-unit-changed",
  severity: "warning",
  title: "the unit, or a file that it names, has changed since the service was started",
  why: "The new process of a handover gets the environment and the sandbox of the first one. Only a restart applies a change of the unit, or of a file of EnvironmentFile= or LoadCredential=.",
  looksAt:
    "The times of the files of a service with handover: of the unit, `EnvironmentFile=` and `LoadCredential=`. When the service was started.",
  remedy: "Run `sockact restart`.",
  async find(subject) {
    const [{ isConfigured, hasHappened }, service, files, credentials] = await Promise.all([
      subject.get(handover),
      subject.get(serviceProperties),
      subject.get(unitFiles),
      subject.get(credentialFiles),
    ]);
    const isUp = ["active", "reloading", "refreshing"].includes(service.get("ActiveState"));
    // A file that systemd has not read yet is another finding.
    if (!isUp || !(isConfigured || hasHappened) || service.get("NeedDaemonReload") === "yes") return [];
    const started = Date.now() - since(service.get("InactiveExitTimestampMonotonic"));
    const { systemctl } = subject.host.manager;
    const own = files.filter(({ unit }) => unit === subject.service).map(({ path }) => path);
    const named = [...environmentFilesOf(service.get("EnvironmentFiles")), ...credentials];
    const found = await changedSince([...new Set([...own, ...named])], started);
    return found.map(({ path, changed }) => ({
      unit: subject.service,
      message: `${path} has changed since ${subject.service} was started. A reload does not apply that.`,
      evidence: [
        { text: `changed ${new Date(changed).toISOString()}`, source: path },
        {
          text: `started ${new Date(started).toISOString()}`,
          source: `${systemctl} show ${subject.service}`,
        },
      ],
      fix: "Restart the service to apply the change.",
      copy: [`${systemctl} restart ${subject.service}`],
    }));
  },
};
