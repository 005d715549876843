import { readFile } from "node:fs/promises";
import type { Diagnosis } from "../model/diagnosis.ts";
import { lastRun } from "../facts/journal.ts";
import { portOf } from "../facts/passed-sockets.ts";
import { socketProperties } from "../facts/properties.ts";

const refused = /Failed to create listening socket \((.+)\): Permission denied/;

/** A user's own manager has no more rights than the user. */
export const portForbidden: Diagnosis = {
  code: "port-forbidden",
  severity: "error",
  title: "the user's own manager may not open the port",
  why: "Ports below net.ipv4.ip_unprivileged_port_start are for root. The manager of a user is not root.",
  looksAt:
    "`Permission denied` in the journal of each socket unit, and `net.ipv4.ip_unprivileged_port_start`",
  remedy:
    "a port from 1024 on, units of the system manager, or a lower `net.ipv4.ip_unprivileged_port_start`",
  explains: ["socket-failed", "not-enabled"],
  async find(subject) {
    const [sockets, lines, first] = await Promise.all([
      subject.get(socketProperties),
      subject.get(lastRun),
      readFile("/proc/sys/net/ipv4/ip_unprivileged_port_start", "utf8").catch(() => "1024"),
    ]);
    const { systemctl } = subject.host.manager;
    return sockets
      .filter((socket) => socket.get("ActiveState") === "failed")
      .flatMap(({ unit }) => {
        const line = lines.findLast((each) => each.unit === unit && refused.test(each.message));
        const address = refused.exec(line?.message ?? "")?.[1] ?? "";
        const port = portOf(address);
        if (line === undefined || port === undefined || port >= Number(first)) return [];
        return {
          unit,
          message: `${unit} may not listen on port ${port}: without root, ports begin at ${Number(first)}.`,
          evidence: [
            { text: line.message, source: `journal of ${unit}` },
            {
              text: `net.ipv4.ip_unprivileged_port_start = ${Number(first)}`,
              source: "/proc/sys/net/ipv4/ip_unprivileged_port_start",
            },
          ],
          fix: `Install the units for the system manager, or change ListenStream= to a port such as ${port + 8000}. Or allow the port to all users of this machine:`,
          copy: [
            `echo net.ipv4.ip_unprivileged_port_start=${port} | sudo tee /etc/sysctl.d/50-ports.conf`,
            "sudo sysctl --system",
            `${systemctl} start ${unit}`,
          ],
        };
      });
  },
};
