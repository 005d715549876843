import type { Diagnosis } from "../model/diagnosis.ts";
import { socketProperties } from "../facts/properties.ts";

/** The socket listens in a network namespace that clients are not in. */
export const socketInNamespace: Diagnosis = {
  code: "socket-in-namespace",
  severity: "warning",
  title: "the socket listens in another network namespace",
  why: "A socket belongs to the network namespace in which it was opened, and only clients in that namespace can connect to it. PrivateNetwork= is harmless in the service, because systemd opens the socket outside.",
  looksAt: "`PrivateNetwork` and `NetworkNamespacePath` of each socket unit.",
  remedy: "Remove the line from the socket unit. The service may keep it.",
  async find(subject) {
    const { systemctl } = subject.host.manager;
    return (await subject.get(socketProperties)).flatMap((unit) => {
      const path = unit.get("NetworkNamespacePath");
      const line =
        path !== ""
          ? `NetworkNamespacePath=${path}`
          : unit.get("PrivateNetwork") === "yes"
            ? "PrivateNetwork=yes"
            : undefined;
      // Unix sockets with a path belong to no network namespace.
      if (line === undefined || !/^[^/]/m.test(unit.get("Listen"))) return [];
      return [
        {
          unit: unit.unit,
          message: `${unit.unit} listens in a separate network namespace. Clients outside of it can't connect.`,
          evidence: [{ text: line, source: `${systemctl} show ${unit.unit}` }],
          fix: "Remove the line from the socket unit, and restart the socket.",
          copy: [`${systemctl} edit --full ${unit.unit}`, `${systemctl} restart ${unit.unit}`],
        },
      ];
    });
  },
};
