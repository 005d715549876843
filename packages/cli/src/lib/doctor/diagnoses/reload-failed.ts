import { RELOAD_FAILED } from "@sockact/core/texts";
import { serviceCommand } from "../../shared/own-command.ts";
import { lastReload } from "../facts/handover.ts";
import { lastRun } from "../facts/journal.ts";
import { serviceProperties } from "../facts/properties.ts";
import { quoted } from "../facts/service-run.ts";
import { readJournal } from "../fixes/commands.ts";
import type { Diagnosis } from "../model/diagnosis.ts";

/** How many lines of the reload a report has. */
const LINES = 8;

/** The app could not read its settings or a certificate again. */
export const reloadFailed: Diagnosis = {
  code: "reload-failed",
  severity: "warning",
  title: "the last reload failed, and the app keeps its old settings",
  why: "The `onReload` of the app has failed, or a key or a certificate could not be used. Clients get answers, but with the old settings or the old certificate, which may expire. `systemctl reload` succeeds anyway.",
  looksAt: "The status of the service, and what the app has printed since the reload began.",
  remedy: "Correct the error, and run `sockact reload` again.",
  async find(subject) {
    const service = await subject.get(serviceProperties);
    const status = service.get("StatusText");
    if (!status.includes(RELOAD_FAILED) || service.get("ActiveState") === "inactive") return [];
    const { manager } = subject.host;
    const lines = (await subject.get(lastRun)).filter(
      (line) => line.unit === subject.service && !line.isOfManager,
    );
    const start = lastReload(lines);
    const output = start === -1 ? [] : lines.slice(start, start + LINES);
    return [
      {
        unit: subject.service,
        message: `The last reload of ${subject.service} failed, so it runs with old settings or certificates.`,
        evidence: [
          { text: `StatusText=${status}`, source: `${manager.systemctl} show ${subject.service}` },
          ...(output.length === 0 ? [] : quoted(output)),
        ],
        fix: "Correct the error that the app printed during the reload. Then reload again.",
        copy: [readJournal(manager, subject.service), serviceCommand("reload", subject.name, manager.user)],
      },
    ];
  },
};
