import type { Diagnosis } from "../model/diagnosis.ts";
import { isUnusedOfVendor, socketProperties } from "../facts/properties.ts";

/** The socket has not failed, but was never started, or was stopped. */
export const socketInactive: Diagnosis = {
  code: "socket-inactive",
  severity: "error",
  title: "the socket is not started",
  why: "systemd listens only while the socket unit is active. Until then, clients are refused.",
  looksAt: "`ActiveState` of each socket unit.",
  remedy: "Run `systemctl enable --now` for the socket unit.",
  explains: ["not-enabled"],
  async find(subject) {
    const { systemctl } = subject.host.manager;
    const sockets = await subject.get(socketProperties);
    return sockets
      .filter(
        (socket) => socket.isLoaded && socket.get("ActiveState") === "inactive" && !isUnusedOfVendor(socket),
      )
      .map((socket) => {
        const { unit } = socket;
        const refused =
          socket.get("ConditionResult") === "no" && socket.get("ConditionTimestampMonotonic") !== "0";
        const isEnabled = socket.get("UnitFileState").startsWith("enabled");
        return {
          unit,
          message: refused
            ? `${unit} is not started, because a condition of the unit is not met.`
            : `${unit} is not started, so nothing listens on its addresses.`,
          evidence: [
            { text: "ActiveState=inactive", source: `${systemctl} show ${unit}` },
            ...(refused ? [{ text: "ConditionResult=no", source: `${systemctl} show ${unit}` }] : []),
          ],
          fix: refused
            ? "Meet the condition, or remove it from the unit. Then start the socket."
            : "Start the socket.",
          copy: [
            ...(refused ? [`systemctl cat ${unit}`] : []),
            isEnabled ? `${systemctl} start ${unit}` : `${systemctl} enable --now ${unit}`,
          ],
        };
      });
  },
};
