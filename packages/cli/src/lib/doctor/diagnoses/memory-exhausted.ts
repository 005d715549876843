import type { Diagnosis, Found } from "../model/diagnosis.ts";
import { ofCrash } from "../model/consequences.ts";
import { addLines } from "../fixes/commands.ts";
import { nodeOptions } from "../facts/node-options.ts";
import { serviceProperties } from "../facts/properties.ts";
import { quoted, serviceRun } from "../facts/service-run.ts";

/** The app needs more memory than it may have. */
export const memoryExhausted: Diagnosis = {
  code: "memory-exhausted",
  severity: "error",
  title: "the app has run out of memory",
  why: "If the service goes over MemoryMax=, the kernel kills its processes. V8 itself gives up once its heap has reached its limit, which it chooses by the memory of the machine or of MemoryMax=.",
  looksAt: "`oom-kill` and V8's message in the journal, and `MemoryMax`",
  remedy: "`MemoryMax=`, or `--max-old-space-size=`; or what the app keeps in memory",
  explains: [...ofCrash, "jit-crashed", "memory-tiny"],
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
        message: `The kernel has killed ${service}, because it needed more memory than it may have.`,
        evidence: [...quoted(killed), { text: `MemoryMax=${max}`, source }],
        fix:
          max === "infinity"
            ? "The memory of the machine was used up. Give it more, or let the app need less."
            : "Raise the limit, or let the app need less. --max-old-space-size of about three quarters of it makes V8 collect garbage in time.",
        copy: max === "infinity" ? [] : addLines(host, service, "MemoryMax=512M"),
      });
    const heap = run.output.filter(({ message }) =>
      /FATAL ERROR: .*(?:heap limit|JavaScript heap out of memory)/.test(message),
    );
    const limit = /--max[-_]old[-_]space[-_]size=\d+/.exec(options.join(" "))?.[0];
    if (heap.length > 0 && killed.length === 0)
      found.push({
        unit: service,
        message: "The heap of V8 has reached its limit.",
        evidence: [
          ...quoted(heap.slice(0, 1)),
          ...(limit === undefined ? [] : [{ text: limit, source: "options of Node" }]),
        ],
        fix: "Raise the limit, in megabytes, or find what the app keeps in memory: node --heapsnapshot-near-heap-limit=1.",
        copy: addLines(host, service, "Environment=NODE_OPTIONS=--max-old-space-size=1024"),
      });
    return found;
  },
};
