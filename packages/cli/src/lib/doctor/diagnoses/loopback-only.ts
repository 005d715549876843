import type { Diagnosis } from "../model/diagnosis.ts";
import { addLines } from "../fixes/commands.ts";
import { socketProperties } from "../facts/properties.ts";

/** Only this machine can connect to the app. */
export const loopbackOnly: Diagnosis = {
  code: "loopback-only",
  severity: "info",
  title: "only this machine can connect to the socket",
  why: "127.0.0.1 and ::1 are addresses of the machine itself. This is right if a proxy on the same machine connects to the app.",
  looksAt: "`Listen` of the socket units.",
  remedy: "If other machines must connect, write only the port, such as `ListenStream=80`.",
  async find(subject) {
    const sockets = await subject.get(socketProperties);
    const addresses = sockets.flatMap((unit) =>
      unit
        .get("Listen")
        .split("\n")
        .filter(Boolean)
        .map((line) => ({ unit, line, address: line.replace(/ \(\w+\)$/, "") })),
    );
    const [first] = addresses;
    if (first === undefined || !addresses.every(({ address }) => isLoopback(address))) return [];
    return [
      {
        unit: first.unit.unit,
        message: `${first.unit.unit} listens on ${first.address}, so only programs on this machine can connect.`,
        evidence: [
          {
            text: addresses.map(({ line }) => `Listen=${line}`).join("\n"),
            source: `${subject.host.manager.systemctl} show ${first.unit.unit}`,
          },
        ],
        fix: "If other machines must connect, listen on the port without an address.",
        copy: addLines(
          subject.host,
          first.unit.unit,
          "ListenStream=",
          `ListenStream=${/:(\d+)$/.exec(first.address)?.[1] ?? "80"}`,
        ),
      },
    ];
  },
};

const isLoopback = (address: string): boolean => /^(?:127\.\d+\.\d+\.\d+|\[::1\]):\d+$/.test(address);
