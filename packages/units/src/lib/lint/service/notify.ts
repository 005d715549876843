import { valuesOf, type LoadedUnit, type Setting } from "../../parse/load.ts";
import { added, replaced, type Rule } from "../finding.ts";
import type { ServiceSubject } from "../subjects.ts";
import { inService, notifies } from "./settings.ts";

/** `/run/systemd/notify:notify` as its parts. */
function openFiles(unit: LoadedUnit): { setting: Setting; path: string; name: string; options: string }[] {
  return valuesOf(unit, "Service", "OpenFile").map((setting) => {
    const [path = "", name = "", ...options] = setting.value.split(":");
    return { setting, path, name: name || path.slice(path.lastIndexOf("/") + 1), options: options.join(":") };
  });
}

const isNotifySocket = (path: string): boolean => path.endsWith("/systemd/notify");

/** The codes of these rules. */
export type NotifyCode =
  | "notify-wrapped"
  | "notify-unheard"
  | "notify-blocked"
  | "open-file-path"
  | "open-file-name"
  | "notify-access-all";

/** How a service says that it is ready. */
export const notifyRules: Readonly<Record<NotifyCode, Rule<ServiceSubject>>> = {
  "notify-wrapped": {
    severity: "error",
    why: "Only the main process may notify, and that is the shell or the package manager: the start never ends, and times out.",
    man: "systemd.service(5)",
    find: ({ unit, program }) => {
      if (!notifies(unit) || program === undefined || inService(unit, "NotifyAccess")?.value === "all")
        return [];
      const { launcher, script, name } = program;
      return launcher === undefined && (script === undefined || /\bexec\s/.test(script))
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
    severity: "warning",
    why: "Node cannot send to NOTIFY_SOCKET by itself. OpenFile= passes it the socket; a helper such as systemd-notify needs NotifyAccess=all.",
    man: "systemd.service(5)",
    find: ({ unit, program, user }) =>
      !notifies(unit) ||
      program?.isNode !== true ||
      inService(unit, "NotifyAccess")?.value === "all" ||
      openFiles(unit).length > 0
        ? []
        : [
            {
              at: inService(unit, "Type")!,
              message: "it has no way to say that it is ready",
              fix: user
                ? "OpenFile=/run/user/<uid>/systemd/notify:notify"
                : "OpenFile=/run/systemd/notify:notify",
              edits: user ? [] : [added(unit, "Service", "OpenFile", "/run/systemd/notify:notify")],
            },
          ],
  },
  "notify-blocked": {
    severity: "error",
    why: "A notification goes over a unix socket, which the service may not make: the start never ends, and times out.",
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
    why: "OpenFile= expands no specifiers, and the service manager that started the service listens at a path of its own: /run/systemd/notify, a user's at /run/user/<uid>/systemd/notify.",
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
          edits: user
            ? []
            : [replaced(setting, ["/run/systemd/notify", "notify", options].join(":").replace(/:$/, ""))],
        })),
  },
  "open-file-name": {
    severity: "warning",
    why: "The app knows the socket for notifications by the name notify, and takes one of another name for a listener.",
    man: "systemd.service(5)",
    find: ({ unit }) =>
      openFiles(unit)
        .filter(({ path, name }) => isNotifySocket(path) && name !== "notify")
        .map(({ setting, path, name, options }) => ({
          at: setting,
          message: `the socket for notifications is named ${name}`,
          fix: `${path}:notify`,
          edits: [replaced(setting, [path, "notify", options].join(":").replace(/:$/, ""))],
        })),
  },
  "notify-access-all": {
    severity: "info",
    why: "Any process of the service may speak for it; with OpenFile= the main process does so itself.",
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
