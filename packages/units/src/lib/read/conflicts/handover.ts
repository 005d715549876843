import { handoverTimeoutFor, timeoutStartFor } from "../../node/handover.ts";
import { launcherOfCommand, runsNode } from "../../node/runtime.ts";
import { conflictsIn, shown, type UnitProblem } from "../../problems.ts";
import { durationOf, spanText } from "@sockact/shared/durations";

const oneOfBoth = "leave out one of them";

/** Reports fields that prevent a handover, or that would make a reload do two things. */
export function reportHandoverConflicts(description: Record<string, unknown>, problems: UnitProblem[]): void {
  const { handover, exec, bind = "socket", type, openFile, notifyAccess, container } = description;
  const report = conflictsIn(problems);
  if (handover !== true) {
    if (description["handoverTimeout"] !== undefined)
      report(
        "handoverTimeout",
        "the service does not hand over",
        "write handover: true too, or leave it out",
      );
    return;
  }
  // For a container, the field itself is a problem.
  if (container !== undefined) return;
  // For a service without a socket, the linter assumes that the socket is in another file.
  if (bind !== "socket") {
    report(
      "handover",
      `with bind: ${shown(bind)} the service opens its port itself, and the new version could not open it a second time`,
      "leave it out, or write bind: 'socket'",
    );
  }
  // A missing command, a command of the wrong type, and a launcher are other problems.
  if (
    Array.isArray(exec) &&
    exec.length > 0 &&
    !runsNode(description) &&
    launcherOfCommand(exec) === undefined
  )
    report("handover", `${shown(exec[0])} is not Node, and only Node can hand over`, "leave it out");
  if (type === "notify-reload") {
    report(
      "type",
      "systemd would send SIGHUP in addition to the command of execReload, and the service would hand over twice",
      "leave it out, or write 'notify'",
    );
  }
  if (openFile === false && notifyAccess !== "all") {
    report(
      "openFile",
      "the app could not tell systemd the process ID of the new version",
      "leave it out; or also write notifyAccess: 'all', and notify with systemd-notify(1)",
    );
  }
  if (description["execReload"] !== undefined)
    report("execReload", "with handover, systemctl reload hands over to the new version", oneOfBoth);
  const { reloadSignal } = description;
  if (reloadSignal !== undefined && reloadSignal !== "SIGHUP")
    report("reloadSignal", "the app hands over only on SIGHUP", "leave it out");
  reportTimeouts(description, problems);
}

/**
 * TimeoutStartSec= also limits a reload. The app must give up on its new version before that, to keep
 * serving.
 */
function reportTimeouts(description: Record<string, unknown>, problems: UnitProblem[]): void {
  const limit = durationOf(description["handoverTimeout"]);
  const { timeoutStartSec } = description;
  const start = durationOf(timeoutStartSec);
  if (start === undefined || limit === undefined || limit < start) return;
  conflictsIn(problems)(
    "handoverTimeout",
    `${shown(description["handoverTimeout"])} is not shorter than timeoutStartSec, ${shown(timeoutStartSec)}, so systemd would end the reload while the app waits for its new version`,
    `write ${shown(spanText(handoverTimeoutFor(start)))}, or timeoutStartSec: ${shown(spanText(timeoutStartFor(limit)))}`,
  );
}
