import { serviceCommand } from "../../shared/own-command.ts";
import type { Diagnosis } from "../model/diagnosis.ts";
import { appWarnings, UNCLAIMED } from "../facts/app-warnings.ts";
import { blockedLoop } from "../facts/blocked-loop.ts";

/** The app runs code that does not end, so its event loop does not come to its sockets. */
export const eventLoopBlocked: Diagnosis = {
  code: "event-loop-blocked",
  severity: "error",
  title: "the event loop of the app is blocked",
  why: "Node runs JavaScript in one thread. While a function runs, the event loop accepts no client and answers none. A signal to stop waits too.",
  looksAt:
    "The queue of each socket, and whether the main thread of the app uses the processor all the time without accepting a client. The doctor looks for a second, and not in the first 10 seconds after a start.",
  remedy:
    "Split the long work into short steps, or move it to a worker thread. With `WatchdogSec=`, systemd restarts a service whose event loop is blocked.",
  explains: ["socket-not-claimed", "never-ready"],
  async find(subject) {
    // An app that has warned about its socket has a loop that goes on.
    const warnings = await subject.get(appWarnings);
    if (warnings.some(({ code }) => UNCLAIMED.includes(code))) return [];
    const blocked = await subject.get(blockedLoop);
    if (blocked === undefined) return [];
    const { pid, addresses, watchedFor } = blocked;
    const { manager } = subject.host;
    return [
      {
        unit: subject.service,
        message: `The event loop of process ${pid} is blocked: the process uses the processor all the time, and accepts no client.`,
        evidence: [
          {
            text: `The main thread ran for ${watchedFor} ms without a new connection`,
            source: `/proc/${pid}/task/${pid}/stat`,
          },
          ...addresses.map((address) => ({ text: `A client waits at ${address}`, source: "/proc/net" })),
        ],
        fix: "Find the code that runs so long: a loop without end, a slow regular expression, or a large JSON. Split it into short steps, or move it to a worker thread. To serve again now, restart the service. A process that does not react to the signal is killed after TimeoutStopSec=.",
        copy: [serviceCommand("restart", subject.name, manager.user)],
      },
    ];
  },
};
