import type { Diagnosis } from "../model/diagnosis.ts";
import { ofCrash } from "../model/consequences.ts";
import { addLines } from "../fixes/commands.ts";
import { serviceProperties } from "../facts/properties.ts";
import { isKilledBy, quoted, serviceRun } from "../facts/service-run.ts";
import { V8_FAILED } from "../../printed/node.ts";

/** MemoryDenyWriteExecute= keeps V8 from compiling. */
export const jitCrashed: Diagnosis = {
  code: "jit-crashed",
  severity: "error",
  title: "MemoryDenyWriteExecute= crashed Node",
  why: "V8 compiles JavaScript to machine code while the app runs. MemoryDenyWriteExecute= forbids that.",
  looksAt: "The signal that ended the last run, the message of V8, and `MemoryDenyWriteExecute`.",
  remedy: "Write `MemoryDenyWriteExecute=no` into the service, or run `node --jitless`.",
  explains: [...ofCrash, "jit-killed"],
  async find(subject) {
    const [run, properties] = await Promise.all([subject.get(serviceRun), subject.get(serviceProperties)]);
    if (properties.get("MemoryDenyWriteExecute") !== "yes") return [];
    if (!isKilledBy(run, "TRAP", "ILL", "SEGV", "ABRT", "BUS")) return [];
    const { host, service } = subject;
    const said = run.output.filter(({ message }) => V8_FAILED.test(message));
    return [
      {
        unit: service,
        message: `${service} was killed by SIG${run.end!.name}, and MemoryDenyWriteExecute= is on.`,
        evidence: [
          { text: "MemoryDenyWriteExecute=yes", source: `${host.manager.systemctl} show ${service}` },
          ...quoted([...said.slice(0, 1), run.end!.line]),
        ],
        fix: "Turn it off. Or run Node with --jitless. Node is then slower, and has no WebAssembly.",
        copy: addLines(host, service, "MemoryDenyWriteExecute=no"),
      },
    ];
  },
};
