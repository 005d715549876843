import { valuesOf, type LoadedUnit, type Setting } from "../../../parse/load.ts";
import type { Rule } from "../../findings/finding.ts";
import { keepsProcess } from "../../subjects/program.ts";
import { baseOf } from "../../../systemd/folders.ts";
import { timeSpanOf } from "../../../systemd/time-spans.ts";
import type { ServiceSubject } from "../../subjects/subjects.ts";
import { inService, notifies } from "./settings.ts";
import { replaceSetting } from "../../findings/edits.ts";

/** `/run/systemd/notify:notify` as its parts. */
function openFiles(unit: LoadedUnit): { setting: Setting; path: string; name: string; options: string }[] {
  return valuesOf(unit, "Service", "OpenFile").map((setting) => {
    const [path = "", name = "", ...options] = setting.value.split(":");
    return { setting, path, name: name || baseOf(path), options: options.join(":") };
  });
}

const isNotifySocket = (path: string): boolean => path.endsWith("/systemd/notify");

/** Whether the unit lets the program reach the service manager, or it is not Node. */
function canNotify({ unit, program }: ServiceSubject): boolean {
  return (
    program?.isNode !== true || inService(unit, "NotifyAccess")?.value === "all" || openFiles(unit).length > 0
  );
}

const openFileOf = ({ user }: ServiceSubject): string =>
  user ? "OpenFile=/run/user/<uid>/systemd/notify:notify" : "OpenFile=/run/systemd/notify:notify";

/** The codes of these rules. */
export type NotifyCode =
  | "notify-wrapped"
  | "notify-unheard"
  | "watchdog-unheard"
  | "notify-blocked"
  | "open-file-path"
  | "open-file-name"
  | "notify-access-all";

/** How a service says that it is ready. */
export const notifyRules: Readonly<Record<NotifyCode, Rule<ServiceSubject>>> = {
  "notify-wrapped": {
    severity: "error",
    why: "Only the main process may say that the service is ready. Here that is the shell or the tool, not your app, and the start times out.",
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
              fix: "the program itself in ExecStart=",
            },
          ];
    },
  },
  "notify-unheard": {
    severity: "info",
    why: "Node has no way of its own to send READY=1 to NOTIFY_SOCKET. OpenFile= passes that socket to sockact, and NotifyAccess=all lets a helper such as systemd-notify send it. Without them the start times out, unless your app sends READY=1 by other means, such as a native add-on.",
    man: "systemd.service(5)",
    find: (service) =>
      !notifies(service.unit) || canNotify(service)
        ? []
        : [
            {
              at: inService(service.unit, "Type")!,
              message: "nothing here lets Node say that it is ready",
              fix: openFileOf(service),
            },
          ],
  },
  "watchdog-unheard": {
    severity: "info",
    why: "systemd kills the service when no WATCHDOG=1 comes in time, whatever its Type=. Node has no way of its own to send it. OpenFile= lets sockact send it; a native add-on may send it too.",
    man: "systemd.service(5)",
    find: (service) => {
      const setting = inService(service.unit, "WatchdogSec");
      const span = timeSpanOf(setting?.value ?? "");
      return setting === undefined ||
        !span ||
        span === Infinity ||
        notifies(service.unit) ||
        canNotify(service)
        ? []
        : [
            {
              at: setting,
              message: `WatchdogSec=${setting.value}, and nothing here lets Node answer`,
              fix: `${openFileOf(service)}, or leave WatchdogSec= out`,
            },
          ];
    },
  },
  "notify-blocked": {
    severity: "error",
    why: "READY=1 is sent over a unix socket, and RestrictAddressFamilies= does not let the service open one. The start times out.",
    man: "systemd.exec(5)",
    find: ({ unit }) => {
      const families = valuesOf(unit, "Service", "RestrictAddressFamilies");
      const last = families.at(-1);
      if (!notifies(unit) || last === undefined || openFiles(unit).length > 0) return [];
      const allowed = families.every(({ value }) => value.startsWith("~"))
        ? !families.some(({ value }) => value.includes("AF_UNIX"))
        : families.some(({ value }) => /^(?!~).*\bAF_UNIX\b/.test(value));
      return allowed
        ? []
        : [
            {
              at: last,
              message: `Type=notify with RestrictAddressFamilies=${last.value}`,
              fix: "AF_UNIX among them, or OpenFile=",
            },
          ];
    },
  },
  "open-file-path": {
    severity: "error",
    why: "OpenFile= knows no specifiers. The system manager listens at /run/systemd/notify, and the manager of a user at /run/user/<uid>/systemd/notify.",
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
          message: `${path} is not the socket of its service manager`,
          fix: user ? "/run/user/<uid>/systemd/notify:notify" : "/run/systemd/notify:notify",
          // What does not begin with / counts for nothing, and must not begin to count.
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
    why: "Your app knows the socket for READY=1 by the name notify. One with another name is taken for a socket to listen on.",
    man: "systemd.service(5)",
    find: ({ unit }) =>
      openFiles(unit)
        .filter(({ path, name }) => isNotifySocket(path) && name !== "notify")
        .map(({ setting, path, name }) => ({
          at: setting,
          message: `the socket for notifications is named ${name}`,
          fix: `${path}:notify`,
        })),
  },
  "notify-access-all": {
    severity: "info",
    why: "Any process of the service may report its state. With OpenFile= the main process does that itself, and no other needs the right.",
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
