import { readFile } from "node:fs/promises";
import type { Diagnosis } from "../model/diagnosis.ts";
import { lastRun } from "../facts/journal.ts";
import { portOf } from "../facts/passed-sockets.ts";
import { socketProperties } from "../facts/properties.ts";
import { LISTEN_FAILED, NOT_PERMITTED } from "../../printed/systemd.ts";

/** A user's own manager has no more rights than the user. */
export const portForbidden: Diagnosis = {
  code: "port-forbidden",
  severity: "error",
  title: "a user's service manager may not open the port",
  why: "Only root may open ports below net.ipv4.ip_unprivileged_port_start. The service manager of a user does not run as root.",
  looksAt:
    "`Permission denied` in the journal of each socket unit, and `net.ipv4.ip_unprivileged_port_start`.",
  remedy:
    "Use a port from 1024 on, use units of the system manager, or lower `net.ipv4.ip_unprivileged_port_start`.",
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
        const line = lines.findLast(
          (each) => each.unit === unit && LISTEN_FAILED.exec(each.message)?.[2] === NOT_PERMITTED,
        );
        const address = LISTEN_FAILED.exec(line?.message ?? "")?.[1] ?? "";
        const port = portOf(address);
        if (line === undefined || port === undefined || port >= Number(first)) return [];
        return {
          unit,
          message: `${unit} may not listen on port ${port}: without root, the lowest port is ${Number(first)}.`,
          evidence: [
            { text: line.message, source: `journal of ${unit}` },
            {
              text: `net.ipv4.ip_unprivileged_port_start = ${Number(first)}`,
              source: "/proc/sys/net/ipv4/ip_unprivileged_port_start",
            },
          ],
          fix: `Install the units for the system manager, or change ListenStream= to a port such as ${port + 8000}. Or let every user of this machine open the port:`,
          copy: [
            `echo net.ipv4.ip_unprivileged_port_start=${port} | sudo tee /etc/sysctl.d/50-ports.conf`,
            "sudo sysctl --system",
            `${systemctl} start ${unit}`,
          ],
        };
      });
  },
};
