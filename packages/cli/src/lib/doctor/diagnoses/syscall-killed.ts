import type { Diagnosis } from "../model/diagnosis.ts";
import { ofCrash } from "../model/consequences.ts";
import { addLines } from "../fixes/commands.ts";
import { kernelLog } from "../facts/kernel-log.ts";
import { isKilledBy, quoted, serviceRun } from "../facts/service-run.ts";

/** SystemCallFilter= kills Node. */
export const syscallKilled: Diagnosis = {
  code: "syscall-killed",
  severity: "error",
  title: "SystemCallFilter= killed the app",
  why: "A system call that the filter does not allow kills the program with SIGSYS. With an error number, only the call fails. Node can then continue, because it does not depend on calls such as pkey_alloc.",
  looksAt: "The signal that ended the last run, and the audit lines of the kernel.",
  remedy: "Write `SystemCallErrorNumber=EPERM` into the service.",
  explains: [...ofCrash, "system-call-kills"],
  async find(subject) {
    const run = await subject.get(serviceRun);
    if (!isKilledBy(run, "SYS")) return [];
    const { host, service } = subject;
    const pids = new Set(run.output.map(({ pid }) => pid));
    const audited = (await host.get(kernelLog)).findLast(
      ({ message }) => /1326|SECCOMP/.test(message) && pids.has(Number(/\bpid=(\d+)/.exec(message)?.[1])),
    );
    return [
      {
        unit: service,
        message: `${service} was killed by SIGSYS: it made a system call that SystemCallFilter= does not allow.`,
        evidence: [
          ...quoted([run.end!.line]),
          ...(audited ? [{ text: audited.message, source: "journal of the kernel" }] : []),
        ],
        fix: "Let the call fail with an error instead. If the app then reports EPERM, add the call to SystemCallFilter=.",
        copy: addLines(host, service, "SystemCallErrorNumber=EPERM"),
      },
    ];
  },
};
