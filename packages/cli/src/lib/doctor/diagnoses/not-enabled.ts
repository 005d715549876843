import { shellWord } from "../../shared/shell-words.ts";
import type { Diagnosis } from "../model/diagnosis.ts";
import { serviceProperties, socketProperties } from "../facts/properties.ts";

/** Whatever it does now, it does not listen after the next boot. */
export const notEnabled: Diagnosis = {
  code: "not-enabled",
  severity: "warning",
  title: "the socket is not started at boot",
  why: "After the next boot, nothing listens.",
  looksAt: "`UnitFileState`, `WantedBy` and `RequiredBy` of each socket unit.",
  remedy: "Run `systemctl enable` for the socket unit.",
  async find(subject) {
    const { systemctl, user } = subject.host.manager;
    const etc = `/etc/systemd/${user ? "user" : "system"}`;
    const [service, sockets] = await Promise.all([
      subject.get(serviceProperties),
      subject.get(socketProperties),
    ]);
    // An enabled service also starts the sockets that it requires.
    const isStartedAlong = (unit: string): boolean =>
      service.get("UnitFileState") === "enabled" &&
      [...service.list("Requires"), ...service.list("Wants")].includes(unit);
    return sockets
      .filter((socket) => {
        const state = socket.get("UnitFileState");
        const wanted = [...socket.list("WantedBy"), ...socket.list("RequiredBy")];
        return (
          socket.isLoaded &&
          /^(?:disabled|linked|linked-runtime|enabled-runtime)$/.test(state) &&
          (state === "enabled-runtime" || wanted.every((unit) => unit === subject.service)) &&
          !isStartedAlong(socket.unit)
        );
      })
      .map((socket) => {
        const { unit } = socket;
        const state = socket.get("UnitFileState");
        const isActive = socket.get("ActiveState") === "active";
        const isOfThisBoot = socket.get("FragmentPath").startsWith("/run/");
        return {
          unit,
          message: isOfThisBoot
            ? `${unit} is gone after the next boot: its file is in /run.`
            : state === "enabled-runtime"
              ? `${unit} is enabled for this boot only.`
              : isActive
                ? `${unit} listens now, but is not enabled.`
                : `${unit} is neither started nor enabled.`,
          evidence: [
            { text: `UnitFileState=${state}`, source: `${systemctl} show ${unit}` },
            ...(isOfThisBoot
              ? [{ text: `FragmentPath=${socket.get("FragmentPath")}`, source: `${systemctl} show ${unit}` }]
              : []),
          ],
          fix: isOfThisBoot ? "Install it below /etc, and enable it." : "Enable it.",
          copy: [
            ...(isOfThisBoot
              ? [service, socket].map((each) => `cp ${shellWord(each.get("FragmentPath"))} ${etc}/`)
              : []),
            `${systemctl} enable ${isActive ? "" : "--now "}${unit}`,
          ],
        };
      });
  },
};
