import type { Diagnosis } from "../model/diagnosis.ts";
import { ofCrash } from "../model/consequences.ts";
import { addLines } from "../fixes/commands.ts";
import { networkCuts } from "../facts/network-cuts.ts";
import { serviceProperties } from "../facts/properties.ts";
import { quoted, serviceRun } from "../facts/service-run.ts";
import { unitFiles } from "../facts/unit-files.ts";

/** RestrictAddressFamilies= keeps the app from opening sockets. */
export const addressFamilyRefused: Diagnosis = {
  code: "address-family-refused",
  severity: "error",
  title: "RestrictAddressFamilies= refuses a socket",
  why: "The app serves on the sockets that it is passed. To connect to a database or another server, it opens sockets of its own, and these need their address family.",
  looksAt: "EAFNOSUPPORT in what the app has printed, and `RestrictAddressFamilies`",
  remedy: "`RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK`",
  explains: [...ofCrash, "network-cut"],
  async find(subject) {
    const [{ output }, properties, files] = await Promise.all([
      subject.get(serviceRun),
      subject.get(serviceProperties),
      subject.get(unitFiles),
    ]);
    const line = output.find(({ message }) => message.includes("EAFNOSUPPORT"));
    // systemctl prints nothing where no family is allowed.
    const isNone = files.some(({ text }) => /^RestrictAddressFamilies=none$/m.test(text));
    const families = properties.get("RestrictAddressFamilies") || (isNone ? "none" : "");
    if (line === undefined || families === "") return [];
    const { host, service } = subject;
    return [
      {
        unit: service,
        message:
          "The app wants to open a socket, and RestrictAddressFamilies= leaves out its address family.",
        evidence: [
          ...quoted([line]),
          {
            text: `RestrictAddressFamilies=${families}`,
            source: `${host.manager.systemctl} show ${service}`,
          },
        ],
        fix: "Allow the families that outgoing connections need. For a unit that sockact has written, this is the profile outbound instead of inbound.",
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
