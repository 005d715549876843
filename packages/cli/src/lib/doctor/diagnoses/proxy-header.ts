import { lastRun } from "../facts/journal.ts";
import { quoted } from "../facts/service-run.ts";
import type { Diagnosis } from "../model/diagnosis.ts";

/** `sockact: closed a connection to web from 10.0.0.9: ERR_PROXY_HEADER: …`, or `closed 7 more connections. The last one was to web from …`. */
const closed =
  /closed (?:a connection|\d+ more connections?\. The last one was) to (\S+) from .*ERR_PROXY_HEADER/s;

/** A client has sent no PROXY header that the app accepts. */
export const proxyHeader: Diagnosis = {
  code: "proxy-header",
  severity: "info",
  title: "the app has closed connections because of their PROXY header",
  why: "The header was missing, late or not valid, or its sender is not in `from`. Such a client gets no answer. It may be a stranger, a monitor or the first request of `sockact install`. But it may also be your load balancer.",
  looksAt: "ERR_PROXY_HEADER in the last run of the service.",
  remedy:
    "Let the load balancer send the header, such as with `send-proxy-v2` in HAProxy, and list its address in `from`. For clients without a header, pass a second socket without `proxyProtocol`. If the sender is the host itself, right after `sockact install`, change nothing.",
  async find(subject) {
    const lines = (await subject.get(lastRun)).filter(
      (line) => line.unit === subject.service && !line.isOfManager && closed.test(line.message),
    );
    const names = [...new Set(lines.map(({ message }) => closed.exec(message)![1]!))];
    return names.map((name) => {
      const last = lines.findLast(({ message }) => closed.exec(message)![1] === name)!;
      return {
        unit: subject.service,
        message: `${subject.service} has closed connections to ${name}, because they did not begin with a PROXY header that it accepts.`,
        evidence: quoted([last]),
        fix: "If the sender is your load balancer, let it send the header, such as with send-proxy-v2 in HAProxy, and list its address in from. If it is another client, pass a second socket without proxyProtocol for it. If the sender is this host, right after sockact install, it was the test request of install: change nothing.",
      };
    });
  },
};
