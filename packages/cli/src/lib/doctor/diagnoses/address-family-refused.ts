import type { Diagnosis } from "../model/diagnosis.ts";
import { ofCrash } from "../model/consequences.ts";
import { addLines } from "../fixes/commands.ts";
import { networkCuts } from "../facts/network-cuts.ts";
import { serviceProperties } from "../facts/properties.ts";
import { quoted, serviceRun } from "../facts/service-run.ts";
import { unitFiles } from "../facts/unit-files.ts";

/** RestrictAddressFamilies= does not let the app open a socket. */
export const addressFamilyRefused: Diagnosis = {
  code: "address-family-refused",
  severity: "error",
  title: "RestrictAddressFamilies= does not allow a socket",
  why: "To connect to a database or another server, the app opens sockets itself. RestrictAddressFamilies= must allow their address family. The sockets that systemd passes are not affected.",
  looksAt: "EAFNOSUPPORT in the output of the app, and `RestrictAddressFamilies`.",
  remedy: "Write `RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK` into the service.",
  explains: [...ofCrash, "network-cut"],
  async find(subject) {
    const [{ output }, properties, files] = await Promise.all([
      subject.get(serviceRun),
      subject.get(serviceProperties),
      subject.get(unitFiles),
    ]);
    const line = output.find(({ message }) => message.includes("EAFNOSUPPORT"));
    // If no family is allowed, systemctl prints an empty value.
    const isNone = files.some(({ text }) => /^RestrictAddressFamilies=none$/m.test(text));
    const families = properties.get("RestrictAddressFamilies") || (isNone ? "none" : "");
    if (line === undefined || families === "") return [];
    const { host, service } = subject;
    return [
      {
        unit: service,
        message:
          "The app tries to open a socket, but RestrictAddressFamilies= does not allow its address family.",
        evidence: [
          ...quoted([line]),
          {
            text: `RestrictAddressFamilies=${families}`,
            source: `${host.manager.systemctl} show ${service}`,
          },
        ],
        fix: "Allow the address families that outgoing connections need. If sockact wrote the unit, use the profile outbound instead of inbound.",
        copy: addLines(
          host,
          service,
          "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
          ...networkCuts(properties).map(({ undo }) => undo),
        ),
      },
    ];
  },
};
