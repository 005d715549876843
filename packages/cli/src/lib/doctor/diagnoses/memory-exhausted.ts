import type { Diagnosis, Found } from "../model/diagnosis.ts";
import { ofCrash } from "../model/consequences.ts";
import { addLines } from "../fixes/commands.ts";
import { nodeOptions } from "../facts/node-options.ts";
import { serviceProperties } from "../facts/properties.ts";
import { quoted, serviceRun } from "../facts/service-run.ts";
import { HEAP_EXHAUSTED } from "../../printed/node.ts";

/** The app uses more memory than it is allowed. */
export const memoryExhausted: Diagnosis = {
  code: "memory-exhausted",
  severity: "error",
  title: "the app ran out of memory",
  why: "If the service uses more memory than MemoryMax=, the kernel kills its processes. V8 gives up when its heap reaches its limit. V8 derives this limit from the memory of the machine, or from MemoryMax=.",
  looksAt: "`oom-kill` and the message of V8 in the journal, and `MemoryMax`.",
  remedy: "Raise `MemoryMax=` or `--max-old-space-size=`, or find out what the app keeps in memory.",
  explains: [...ofCrash, "jit-crashed", "memory-tiny", "limit-low"],
  async find(subject) {
    const [run, properties, options] = await Promise.all([
      subject.get(serviceRun),
      subject.get(serviceProperties),
      subject.get(nodeOptions),
    ]);
    const { host, service } = subject;
    const source = `${host.manager.systemctl} show ${service}`;
    const found: Found[] = [];
    const killed = run.manager.filter(({ message }) => /oom-kill|OOM killer/i.test(message));
    const max = properties.get("MemoryMax");
    if (killed.length > 0)
      found.push({
        unit: service,
        message: `The kernel killed ${service}, because it used more memory than it is allowed.`,
        evidence: [...quoted(killed), { text: `MemoryMax=${max}`, source }],
        fix:
          max === "infinity"
            ? "The machine ran out of memory. Give it more memory, or let the app use less."
            : "Raise the limit, or let the app use less memory. With --max-old-space-size at about three quarters of the limit, V8 collects garbage in time.",
        copy: max === "infinity" ? [] : addLines(host, service, "MemoryMax=512M"),
      });
    const heap = run.output.filter(({ message }) => HEAP_EXHAUSTED.test(message));
    const limit = /--max[-_]old[-_]space[-_]size=\d+/.exec(options.join(" "))?.[0];
    if (heap.length > 0 && killed.length === 0)
      found.push({
        unit: service,
        message: "The heap of V8 has reached its limit.",
        evidence: [
          ...quoted(heap.slice(0, 1)),
          ...(limit === undefined ? [] : [{ text: limit, source: "options of Node" }]),
        ],
        fix: "Raise the limit, which is in megabytes. Or find out what the app keeps in memory: node --heapsnapshot-near-heap-limit=1.",
        copy: addLines(host, service, "Environment=NODE_OPTIONS=--max-old-space-size=1024"),
      });
    return found;
  },
};
