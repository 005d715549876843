import { behindEnv, nodeCommand, nodeOptionWords } from "../../node/command-line.ts";
import { handoverTimeoutFor, timeoutStartFor } from "../../node/handover.ts";
import { isNode, launcherOfCommand, runsNode } from "../../node/runtime.ts";
import { conflictsIn, shown, type UnitProblem } from "../../problems.ts";
import { durationOf, spanText } from "../../systemd/durations.ts";
import { isSpecifier, sampleText } from "../../systemd/specifiers.ts";
import { askedNodeOptions } from "../fields/node-options.ts";

const oneOfBoth = "leave out one of them";

/** Reports fields with which a service cannot hand over to its new version, or with which a reload would do two things. */
export function refuseHandoverConflicts(description: Record<string, unknown>, problems: UnitProblem[]): void {
  const { handover, exec, bind = "socket", type, openFile, notifyAccess, container } = description;
  const refuse = conflictsIn(problems);
  if (handover !== true) {
    if (description["handoverTimeout"] !== undefined)
      refuse(
        "handoverTimeout",
        "the service does not hand over",
        "write handover: true too, or leave it out",
      );
    return;
  }
  // A container has other problems: the field does not apply to it.
  if (container !== undefined) return;
  if (bind !== "socket") {
    refuse(
      "handover",
      `with bind: ${shown(bind)} the service opens its port itself, and the new version could not open it a second time`,
      "leave it out, or write bind: 'socket'",
    );
  }
  // If the command is missing or has the wrong type, another problem is reported.
  if (Array.isArray(exec) && exec.length > 0) refuseProgram(description, exec, refuse);
  if (type !== undefined && ["simple", "exec", "idle"].includes(type as string)) {
    refuse(
      "type",
      `with ${shown(type)} systemd does not follow the app to its new process`,
      "leave it out, or write 'notify'",
    );
  } else if (type === "notify-reload") {
    refuse(
      "type",
      "systemd would send SIGHUP besides the command of execReload, and the service would hand over twice",
      "leave it out, or write 'notify'",
    );
  }
  if (openFile === false && notifyAccess !== "all") {
    refuse(
      "openFile",
      "the app could not tell systemd which process is the new one",
      "leave it out; or also write notifyAccess: 'all', and notify with systemd-notify(1)",
    );
  }
  if (description["execReload"] !== undefined)
    refuse("execReload", "with handover, systemctl reload hands over to the new version", oneOfBoth);
  const { reloadSignal } = description;
  if (reloadSignal !== undefined && reloadSignal !== "SIGHUP")
    refuse("reloadSignal", "the app hands over at SIGHUP, and at no other signal", "leave it out");
  refuseTimeouts(description, problems);
}

type Refuse = ReturnType<typeof conflictsIn>;

/** Reports a program that is not Node, or that is not the main process, or that may not start its new version. */
function refuseProgram(description: Record<string, unknown>, exec: unknown[], refuse: Refuse): void {
  const launcher = launcherOfCommand(exec);
  if (launcher !== undefined) {
    refuse(
      "handover",
      `${launcher} is the main process, and it runs the app as a child process, which systemd does not follow`,
      "write the program itself: exec: ['/usr/bin/node', '/srv/shop/server.js']",
    );
  } else if (!runsNode(description)) {
    refuse("handover", `${shown(exec[0])} is not Node, and only Node runs sockact`, "leave it out");
  }
  const words = exec.map((word) => (typeof word === "string" || isSpecifier(word) ? sampleText(word) : ""));
  const options = [
    ...(isNode(exec) ? nodeCommand(behindEnv(words)).options : []),
    ...(nodeOptionWords(askedNodeOptions(description)) ?? []),
  ];
  const permission = options.find((option) => /^--(?:experimental-)?permission$/.test(option));
  if (permission !== undefined && !options.includes("--allow-child-process")) {
    refuse(
      "handover",
      `with ${permission} the app may not start its new version`,
      "add --allow-child-process, or leave it out",
    );
  }
}

/** TimeoutStartSec= also limits a reload. The app must give up on its new version earlier, to keep serving. */
function refuseTimeouts(description: Record<string, unknown>, problems: UnitProblem[]): void {
  const limit = durationOf(description["handoverTimeout"]);
  if (limit === undefined) return;
  if (limit === 0 || limit === Infinity) {
    problems.push({
      code: "SOCKACT_ERR_UNIT_DURATION",
      path: "handoverTimeout",
      message:
        limit === 0 ? "it must be longer than 0" : "a new version that hangs would block each further reload",
      hint: "write a time such as '60s', or leave it out",
    });
    return;
  }
  const { timeoutStartSec } = description;
  const start = durationOf(timeoutStartSec);
  if (start === undefined || limit < start) return;
  conflictsIn(problems)(
    "handoverTimeout",
    `${shown(description["handoverTimeout"])} is not shorter than timeoutStartSec, ${shown(timeoutStartSec)}, so systemd would end the reload while the app waits for its new version`,
    `write ${shown(spanText(handoverTimeoutFor(start)))}, or timeoutStartSec: ${shown(spanText(timeoutStartFor(limit)))}`,
  );
}
