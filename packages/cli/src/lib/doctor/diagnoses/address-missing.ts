import type { Diagnosis } from "../model/diagnosis.ts";
import { addLines } from "../fixes/commands.ts";
import { lastRun } from "../facts/journal.ts";
import { quoted } from "../facts/service-run.ts";
import { socketProperties } from "../facts/properties.ts";
import { LISTEN_FAILED, NO_SUCH_ADDRESS } from "../../printed/systemd.ts";

/** No network interface has the socket's address. */
export const addressMissing: Diagnosis = {
  code: "address-missing",
  severity: "error",
  title: "this machine does not have the socket's address",
  why: "A socket can listen only on an address that a network interface has. At boot, systemd opens sockets before the network is up.",
  looksAt: "EADDRNOTAVAIL in the journal of each socket unit.",
  remedy: "Write `FreeBind=yes` into the socket unit, or use another address.",
  explains: ["free-bind", "socket-failed"],
  async find(subject) {
    const [lines, sockets] = await Promise.all([subject.get(lastRun), subject.get(socketProperties)]);
    const { host } = subject;
    return sockets.flatMap((unit) => {
      if (unit.get("ActiveState") === "active") return [];
      const line = lines.findLast(
        (each) => each.unit === unit.unit && each.message.includes(NO_SUCH_ADDRESS),
      );
      if (line === undefined) return [];
      const address = LISTEN_FAILED.exec(line.message)?.[1] ?? "its address";
      return [
        {
          unit: unit.unit,
          message: `${unit.unit} can't listen on ${address}: no network interface has this address.`,
          evidence: quoted([line]),
          fix: "If the interface gets the address later, FreeBind=yes lets systemd open the socket before. Otherwise correct the address. The command ip address lists the addresses of this machine.",
          copy: addLines(host, unit.unit, "FreeBind=yes"),
        },
      ];
    });
  },
};
