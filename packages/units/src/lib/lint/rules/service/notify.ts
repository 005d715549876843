import { valuesOf, type LoadedUnit, type Setting } from "../../../parse/load.ts";
import type { Rule } from "../../findings/finding.ts";
import { keepsProcess } from "../../subjects/program.ts";
import { baseOf } from "../../../systemd/folders.ts";
import { timeSpanOf } from "../../../systemd/time-spans.ts";
import type { ServiceSubject } from "../../subjects/subjects.ts";
import { inService, notifies, ofSandbox } from "./settings.ts";
import { replaceSetting } from "../../findings/edits.ts";

/** The parts of a value such as `/run/systemd/notify:notify`. */
function openFiles(unit: LoadedUnit): { setting: Setting; path: string; name: string; options: string }[] {
  return valuesOf(unit, "Service", "OpenFile").map((setting) => {
    const [path = "", name = "", ...options] = setting.value.split(":");
    return { setting, path, name: name || baseOf(path), options: options.join(":") };
  });
}

const isJournalSocket = (path: string): boolean => /\/systemd\/journal(?:\.[^/]+)?\/socket$/.test(path);
const isNotifySocket = (path: string): boolean => path.endsWith("/systemd/notify");

/** Whether a descriptor may lead to the service manager. The journal's does not. */
const passesSocket = (unit: LoadedUnit): boolean =>
  openFiles(unit).some(({ path }) => !isJournalSocket(path));

/** Servers that do not send READY=1, and servers that do not send WATCHDOG=1. */
const neverReady = /^(?:uvicorn|hypercorn|daphne|waitress-serve)$/;
const neverAlive = /^(?:gunicorn|uvicorn|hypercorn|daphne|waitress-serve)$/;

/** Whether the program can notify the service manager. True for unknown programs. */
function canNotify({ unit, program }: ServiceSubject, silent: RegExp): boolean {
  return (
    (program?.isNode !== true && !silent.test(program?.name ?? "")) ||
    inService(unit, "NotifyAccess")?.value === "all" ||
    passesSocket(unit)
  );
}

const openFileOf = ({ user }: ServiceSubject): string =>
  user ? "OpenFile=/run/user/<uid>/systemd/notify:notify" : "OpenFile=/run/systemd/notify:notify";

export type NotifyCode =
  | "bus-name-missing"
  | "notify-wrapped"
  | "notify-unheard"
  | "watchdog-unheard"
  | "notify-blocked"
  | "open-file-path"
  | "open-file-name"
  | "notify-access-all";

/** How a service reports that it is ready. */
export const notifyRules: Readonly<Record<NotifyCode, Rule<ServiceSubject>>> = {
  "bus-name-missing": {
    severity: "error",
    why: "With Type=dbus, the service has started when it owns its D-Bus name. Without BusName=, systemd refuses the unit.",
    man: "systemd.service(5)",
    find: ({ unit }) => {
      const setting = inService(unit, "Type");
      return setting?.value !== "dbus" || inService(unit, "BusName") !== undefined
        ? []
        : [
            {
              at: setting,
              message: "Type=dbus without BusName=",
              fix: "BusName= with its name, or Type=exec",
            },
          ];
    },
  },
  "notify-wrapped": {
    severity: "error",
    why: "Only the main process may report that the service is ready. Here the main process is the shell or the tool, not your app, so the start times out.",
    man: "systemd.service(5)",
    find: ({ unit, program }) => {
      if (!notifies(unit) || program === undefined || inService(unit, "NotifyAccess")?.value === "all")
        return [];
      const { launcher, script, name } = program;
      return launcher === undefined && (script === undefined || keepsProcess(program))
        ? []
        : [
            {
              at: program.setting,
              message: `Type=notify, and ${launcher ?? name} is the main process`,
              fix: ["write the program itself in ", { ExecStart: "" }],
            },
          ];
    },
  },
  "notify-unheard": {
    severity: "info",
    why: "Node cannot send READY=1 to NOTIFY_SOCKET by itself. OpenFile= passes that socket to sockact, and NotifyAccess=all allows a helper such as systemd-notify. Without them, the start times out, unless your app sends READY=1 in another way, such as a native add-on. Servers such as uvicorn do not send it either.",
    man: "systemd.service(5)",
    find: (service) =>
      !notifies(service.unit) || canNotify(service, neverReady)
        ? []
        : [
            {
              at: inService(service.unit, "Type")!,
              message: `${service.program?.isNode === true ? "Node" : service.program?.name} has no way to report that it is ready`,
              fix: service.program?.isNode === true ? openFileOf(service) : "Type=exec",
            },
          ],
  },
  "watchdog-unheard": {
    severity: "info",
    why: "systemd kills the service if WATCHDOG=1 does not arrive in time, whatever its Type=. Node cannot send it by itself. With OpenFile=, sockact sends it; a native add-on can send it too. gunicorn and uvicorn do not send it.",
    man: "systemd.service(5)",
    find: (service) => {
      const setting = inService(service.unit, "WatchdogSec");
      const span = timeSpanOf(setting?.value ?? "");
      const { isNode = false, name = "" } = service.program ?? {};
      return setting === undefined ||
        !span ||
        span === Infinity ||
        (isNode && notifies(service.unit)) ||
        canNotify(service, neverAlive)
        ? []
        : [
            {
              at: setting,
              message: `WatchdogSec=${setting.value}, but ${isNode ? "Node" : name} has no way to answer`,
              fix: `${isNode ? `${openFileOf(service)}, or ` : ""}remove WatchdogSec=`,
            },
          ];
    },
  },
  "notify-blocked": ofSandbox({
    severity: "error",
    why: "READY=1 is sent over a unix socket, and RestrictAddressFamilies= does not let the service open one. The start times out.",
    man: "systemd.exec(5)",
    find: ({ unit }) => {
      const families = valuesOf(unit, "Service", "RestrictAddressFamilies");
      const last = families.at(-1);
      if (!notifies(unit) || last === undefined || passesSocket(unit)) return [];
      const allowed = families.every(({ value }) => value.startsWith("~"))
        ? !families.some(({ value }) => value.includes("AF_UNIX"))
        : families.some(({ value }) => /^(?!~).*\bAF_UNIX\b/.test(value));
      return allowed
        ? []
        : [
            {
              at: last,
              message: `Type=notify with RestrictAddressFamilies=${last.value}`,
              fix: "add AF_UNIX, or write OpenFile=",
              inDescription: { fix: "add 'AF_UNIX', or write openFile: true" },
            },
          ];
    },
  }),
  "open-file-path": {
    severity: "error",
    why: "systemd expands no specifiers in OpenFile=. The system's service manager listens on /run/systemd/notify, and a user's on /run/user/<uid>/systemd/notify.",
    man: "systemd.service(5)",
    find: ({ unit, user }) =>
      openFiles(unit)
        .filter(({ path }) => isNotifySocket(path))
        .filter(
          ({ path }) =>
            !(user ? /^\/run\/user\/\d+\/systemd\/notify$/ : /^\/run\/systemd\/notify$/).test(path),
        )
        .map(({ setting, path, options }) => ({
          at: setting,
          message: `${path} is not the socket of the unit's service manager`,
          fix: user ? "/run/user/<uid>/systemd/notify:notify" : "/run/systemd/notify:notify",
          // systemd ignores a path that does not begin with /, and an edit must not activate it.
          edits:
            user || !path.startsWith("/")
              ? []
              : [
                  replaceSetting(
                    setting,
                    ["/run/systemd/notify", "notify", options].join(":").replace(/:$/, ""),
                  ),
                ],
        })),
  },
  "open-file-name": {
    severity: "warning",
    why: "Your app recognizes the notify socket by the name notify, and the journal's by the name journal. It treats a descriptor with another name as a socket to listen on.",
    man: "systemd.service(5)",
    find: ({ unit }) =>
      openFiles(unit).flatMap(({ setting, path, name }) => {
        const right = isNotifySocket(path) ? "notify" : isJournalSocket(path) ? "journal" : name;
        return name === right
          ? []
          : [
              {
                at: setting,
                message: `the ${right} socket has the name ${name}`,
                fix: `${path}:${right}${right === "journal" ? ":graceful" : ""}`,
              },
            ];
      }),
  },
  "notify-access-all": {
    severity: "info",
    why: "Every process of the service may send notifications. With OpenFile=, only the main process sends them, and no other process needs the right.",
    man: "systemd.service(5)",
    find: ({ unit }) => {
      const setting = inService(unit, "NotifyAccess");
      return setting?.value !== "all" || !openFiles(unit).some(({ path }) => isNotifySocket(path))
        ? []
        : [
            {
              at: setting,
              message: "NotifyAccess=all with OpenFile=",
              fix: "NotifyAccess=main",
            },
          ];
    },
  },
};
