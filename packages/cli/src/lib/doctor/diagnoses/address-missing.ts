import type { Diagnosis } from "../model/diagnosis.ts";
import { addLines } from "../fixes/commands.ts";
import { lastRun } from "../facts/journal.ts";
import { quoted } from "../facts/service-run.ts";
import { socketProperties } from "../facts/properties.ts";

/** The socket's address belongs to no network interface. */
export const addressMissing: Diagnosis = {
  code: "address-missing",
  severity: "error",
  title: "this machine does not have the address of the socket",
  why: "A socket can listen only on an address that a network interface has. At boot, sockets are opened before the network is up.",
  looksAt: "EADDRNOTAVAIL in the journal of each socket unit",
  remedy: "`FreeBind=yes`, or another address",
  explains: ["free-bind", "socket-failed"],
  async find(subject) {
    const [lines, sockets] = await Promise.all([subject.get(lastRun), subject.get(socketProperties)]);
    const { host } = subject;
    return sockets.flatMap((unit) => {
      if (unit.get("ActiveState") === "active") return [];
      const line = lines.findLast(
        (each) => each.unit === unit.unit && /Cannot assign requested address/.test(each.message),
      );
      if (line === undefined) return [];
      const address = /\(([^()]+)\)/.exec(line.message)?.[1] ?? "its address";
      return [
        {
          unit: unit.unit,
          message: `${unit.unit} can't listen on ${address}: no network interface has this address.`,
          evidence: quoted([line]),
          fix: "If the interface gets the address later, let the socket be opened before. Otherwise correct the address: ip address lists those of this machine.",
          copy: addLines(host, unit.unit, "FreeBind=yes"),
        },
      ];
    });
  },
};
