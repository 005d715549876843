import type { Diagnosis } from "../model/diagnosis.ts";
import { ofCrash } from "../model/consequences.ts";
import { addLines } from "../fixes/commands.ts";
import { serviceProperties } from "../facts/properties.ts";
import { isKilledBy, quoted, serviceRun } from "../facts/service-run.ts";

/** The app has as many files and connections open as it may. */
export const descriptorsExhausted: Diagnosis = {
  code: "descriptors-exhausted",
  severity: "error",
  title: "the app ran out of file descriptors",
  why: "Each connection and each open file needs a file descriptor. Without a free one, the app can't accept the next connection.",
  looksAt: "EMFILE and ENFILE in the output of the app, and `LimitNOFILE`.",
  remedy: "Raise `LimitNOFILE=`, or find out which files and connections the app leaves open.",
  explains: [...ofCrash, "limit-low"],
  async find(subject) {
    const [run, properties] = await Promise.all([subject.get(serviceRun), subject.get(serviceProperties)]);
    const line = run.output.find(({ message }) => /\bE[MN]FILE\b/.test(message));
    // Node needs more than twenty before it runs any code, and crashes without a message.
    const isTooFew = Number(properties.get("LimitNOFILE")) < 32 && isKilledBy(run, "SEGV", "ABRT", "TRAP");
    if (line === undefined && !isTooFew) return [];
    const { host, service } = subject;
    const limit = properties.get("LimitNOFILE");
    return [
      {
        unit: service,
        message: isTooFew
          ? `Node can't start with so few file descriptors: LimitNOFILE=${limit}.`
          : `The app has reached its limit of ${limit} open files and connections.`,
        evidence: [
          ...quoted([line ?? run.end!.line]),
          { text: `LimitNOFILE=${limit}`, source: `${host.manager.systemctl} show ${service}` },
        ],
        fix: "Close the files and connections that the app leaves open, or raise the limit.",
        copy: addLines(host, service, "LimitNOFILE=65536"),
      },
    ];
  },
};
