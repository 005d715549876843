import type { Rule } from "../../findings/finding.ts";
import { namesIn, type ServiceSubject } from "../../subjects/subjects.ts";
import { isActivatedNode, listeners } from "./settings.ts";
import { addSetting, headerOf } from "../../findings/edits.ts";

export type InstallCode = "enabled-at-boot" | "also-missing";

/** What systemctl enable does. */
export const installRules: Readonly<Record<InstallCode, Rule<ServiceSubject>>> = {
  "enabled-at-boot": {
    severity: "info",
    why: "The service starts at boot instead of with its first connection.",
    man: "systemd.unit(5)",
    find: (service) =>
      !isActivatedNode(service)
        ? []
        : namesIn(service.unit, "Install", "WantedBy", "RequiredBy")
            .slice(0, 1)
            .map(({ name, setting }) => ({
              at: setting,
              message: `${setting.key}=${name} in addition to a socket`,
              fix: `remove it and write Also=${listeners(service)[0]!.unit.name}, if the service may wait for its first connection`,
            })),
  },
  "also-missing": {
    severity: "warning",
    why: "systemctl enable enables only the service. After the next boot, the socket is open only while the service runs.",
    man: "systemd.unit(5)",
    find: (service) => {
      const { unit } = service;
      if (!isActivatedNode(service) || !unit.settings.some(({ section }) => section === "Install")) return [];
      const also = namesIn(unit, "Install", "Also").map(({ name }) => name);
      return listeners(service)
        .map((socket) => socket.unit.name)
        .filter((name) => !also.includes(name))
        .map((name) => ({
          at: headerOf(unit, "Install"),
          message: `${name} is not enabled together with the service`,
          fix: `Also=${name}`,
          edits: addSetting(unit, "Install", "Also", name.replaceAll("\\", "\\\\")),
        }));
    },
  },
};
