import { NO_SOCKET } from "@sockact/core/texts";
import type { Diagnosis } from "../model/diagnosis.ts";
import { ofCrash } from "../model/consequences.ts";
import { addLines } from "../fixes/commands.ts";
import { socketProperties } from "../facts/properties.ts";
import { quoted, serviceRun } from "../facts/service-run.ts";

/** The app asks for a socket by a name that no socket unit has. */
export const socketNameUnknown: Diagnosis = {
  code: "socket-name-unknown",
  severity: "error",
  title: "the app asks for a socket name that does not exist",
  why: "FileDescriptorName= sets the name of a socket. Without that line, the name is the name of the unit, such as shop.socket.",
  looksAt: "SOCKACT_ERR_NAME_UNKNOWN in the output of the app, and `FileDescriptorName` of each socket unit.",
  remedy: "Correct `FileDescriptorName=` in the socket unit, `name` in the app, or `SOCKACT_MAP`.",
  explains: [...ofCrash, "map-name-unknown"],
  async find(subject) {
    const [{ output }, sockets] = await Promise.all([subject.get(serviceRun), subject.get(socketProperties)]);
    const at = output.findIndex(({ message }) => message.includes("SOCKACT_ERR_NAME_UNKNOWN"));
    if (at === -1) return [];
    const { host, service } = subject;
    const said = output.find(({ message }) => message.includes(NO_SOCKET));
    const wanted = /^[^\s,]+/.exec(said?.message.split(NO_SOCKET)[1] ?? "")?.[0] ?? "NAME";
    return [
      {
        unit: service,
        message: `The app asks for a socket named ${wanted}, but systemd passes ${sockets.map((unit) => unit.get("FileDescriptorName")).join(", ") || "none"}.`,
        evidence: [
          ...quoted([said ?? output[at]!]),
          ...sockets.map((unit) => ({
            text: `FileDescriptorName=${unit.get("FileDescriptorName")}`,
            source: `${host.manager.systemctl} show ${unit.unit}`,
          })),
        ],
        fix: "Give the socket the name that the app asks for, or correct the name in the app. Restart the socket after you have changed its name.",
        copy: sockets.length === 1 ? addLines(host, sockets[0]!.unit, `FileDescriptorName=${wanted}`) : [],
      },
    ];
  },
};
