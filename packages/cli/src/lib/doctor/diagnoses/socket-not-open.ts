import { serviceCommand } from "../../shared/own-command.ts";
import { closedAddresses } from "../../systemd/closed-addresses.ts";
import { journal } from "../facts/journal.ts";
import { listeningSockets } from "../facts/listening.ts";
import { socketProperties } from "../facts/properties.ts";
import { quoted } from "../facts/service-run.ts";
import type { Diagnosis, Found } from "../model/diagnosis.ts";
import { SOCKET_CHANGED } from "../../printed/systemd.ts";

/** The addresses of a socket unit have changed while it was open, and systemd has no descriptor for the new ones. */
export const socketNotOpen: Diagnosis = {
  code: "socket-not-open",
  severity: "error",
  title: "the socket is active, but does not listen on its address",
  why: "If the addresses of a socket have changed while it was open, systemctl daemon-reload closes the old ones, and does not open the new ones. A process that runs still has the old ones. A start of the service gets no socket for the new ones, and an app may then listen on another port.",
  looksAt:
    "`ActiveState` and `Listen` of each socket unit, and the sockets that listen. In the journal: `Socket unit configuration has changed while unit has been running`, or what systemd 262 writes instead.",
  remedy: "Restart the socket unit and the service. `sockact restart` restarts both.",
  explains: ["port-taken", "socket-not-claimed", "app-warning"],
  async find(subject) {
    const { manager } = subject.host;
    const [sockets, listening, lines] = await Promise.all([
      subject.get(socketProperties),
      subject.host.get(listeningSockets),
      subject.get(journal),
    ]);
    return sockets.flatMap((socket): Found[] => {
      const { unit } = socket;
      const properties = {
        ActiveState: socket.get("ActiveState"),
        Listen: socket.get("Listen"),
        PrivateNetwork: socket.get("PrivateNetwork"),
        SocketProtocol: socket.get("SocketProtocol") || "0",
      };
      const closed = closedAddresses(properties, listening);
      if (closed.length === 0) return [];
      const line = lines.findLast((each) => each.unit === unit && SOCKET_CHANGED.test(each.message));
      return [
        {
          unit,
          message: `${unit} is active, but nothing listens on ${closed.join(" and ")}. Its clients are refused.`,
          evidence: [
            ...quoted(line === undefined ? [] : [line]),
            ...closed.map((address) => ({
              text: `Listen=${address}`,
              source: `${manager.systemctl} show ${unit}`,
            })),
          ],
          fix: "Restart the socket unit, which opens the address. Its service restarts too.",
          copy: [
            /@/.test(subject.service)
              ? `${manager.systemctl} restart ${unit}`
              : serviceCommand("restart", subject.name, manager.user),
          ],
        },
      ];
    });
  },
};
