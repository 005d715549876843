import { rejection } from "@sockact/core/texts";
import { type JournalLine, lastRun } from "../facts/journal.ts";
import { quoted } from "../facts/service-run.ts";
import type { Diagnosis } from "../model/diagnosis.ts";

/** A client has sent no PROXY header that the app accepts. */
export const proxyHeader: Diagnosis = {
  code: "proxy-header",
  severity: "info",
  title: "the app has closed connections because of their PROXY header",
  why: "The header was missing, late or not valid, or its sender is not in `from`. Such a client gets no answer. It may be a stranger, a monitor or the first request of `sockact install`. But it may also be your load balancer.",
  looksAt: "SOCKACT_ERR_PROXY_HEADER in the last run of the service.",
  remedy:
    "Let the load balancer send the header, such as with `send-proxy-v2` in HAProxy, and list its address in `from`. For clients without a header, pass a second socket without `proxyProtocol`. If the sender is the host itself, right after `sockact install`, change nothing.",
  async find(subject) {
    const last = new Map<string, JournalLine>();
    for (const line of await subject.get(lastRun)) {
      const [, name, code] = rejection.exec(line.message) ?? [];
      const isOfApp = line.unit === subject.service && !line.isOfManager;
      if (isOfApp && name !== undefined && code === "SOCKACT_ERR_PROXY_HEADER") last.set(name, line);
    }
    return Array.from(last, ([name, line]) => {
      return {
        unit: subject.service,
        message: `${subject.service} has closed connections to ${name}, because they did not begin with a PROXY header that it accepts.`,
        evidence: quoted([line]),
        fix: "If the sender is your load balancer, let it send the header, such as with send-proxy-v2 in HAProxy, and list its address in from. If it is another client, pass a second socket without proxyProtocol for it. If the sender is this host, right after sockact install, it was the test request of install: change nothing.",
      };
    });
  },
};
