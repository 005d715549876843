import { ownCommand } from "../../shared/own-command.ts";
import { handover } from "../facts/handover.ts";
import { quoted } from "../facts/service-run.ts";
import type { Diagnosis } from "../model/diagnosis.ts";

/** The service was asked to hand over, and can't. The linter finds most reasons in the unit before that. */
export const handoverUnsupported: Diagnosis = {
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
    return [
      {
        unit: subject.service,
        message: `${subject.service} was asked to hand over, and can't.`,
        evidence: quoted([failure.line]),
        fix: "Do what the error says, or turn handover off.",
        copy: [`${ownCommand()} explain ${failure.code}`],
      },
    ];
  },
};
