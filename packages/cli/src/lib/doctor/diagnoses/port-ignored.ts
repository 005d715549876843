import type { Diagnosis } from "../model/diagnosis.ts";
import { environment } from "../facts/environment.ts";
import { socketProperties } from "../facts/properties.ts";

/** PORT says one thing, and the socket another. */
export const portIgnored: Diagnosis = {
  code: "port-ignored",
  severity: "info",
  title: "PORT does not set the port of the app",
  why: "The app listens on the sockets that systemd passes to it, whatever the port in its code or in PORT.",
  looksAt: "`PORT` of the service, and `Listen` of its socket units.",
  remedy:
    "Write the port into `ListenStream=` of the socket unit. `PORT` has an effect only when you start the app yourself.",
  async find(subject) {
    const [variables, sockets] = await Promise.all([subject.get(environment), subject.get(socketProperties)]);
    const port = variables.find((variable) => variable.startsWith("PORT="))?.slice("PORT=".length);
    const addresses = sockets.flatMap((unit) =>
      unit
        .get("Listen")
        .split("\n")
        .map((line) => line.replace(/ \(\w+\)$/, ""))
        .filter(Boolean),
    );
    if (port === undefined || addresses.length === 0 || addresses.some((each) => each.endsWith(`:${port}`)))
      return [];
    const [unit] = sockets;
    return [
      {
        unit: subject.service,
        message: `PORT is set, but the app listens on ${addresses.join(", ")}.`,
        evidence: [
          {
            text: addresses.map((address) => `Listen=${address}`).join("\n"),
            source: `${subject.host.manager.systemctl} show ${unit!.unit}`,
          },
        ],
        fix: `To change the port, change ListenStream= of ${unit!.unit}.`,
        copy: [],
      },
    ];
  },
};
