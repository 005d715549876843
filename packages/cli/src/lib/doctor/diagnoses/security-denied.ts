import type { Diagnosis, Found } from "../model/diagnosis.ts";
import { ofCrash } from "../model/consequences.ts";
import { kernelLog, type KernelLine } from "../facts/kernel-log.ts";
import { journal } from "../facts/journal.ts";
import { processes } from "../facts/processes.ts";

/** SELinux or AppArmor has refused something to the service. */
export const securityDenied: Diagnosis = {
  code: "security-denied",
  severity: "error",
  title: "SELinux or AppArmor has refused something to the service",
  why: "Besides the modes of files, the system has a policy of what a program may do. The app sees EACCES or EPERM, and no mode explains it.",
  looksAt:
    '`avc: denied` and `apparmor="DENIED"` in the kernel\'s and the audit lines of the journal, with a process of the service or the name of its program',
  remedy: "the label of the files (`restorecon`), or the profile of the program",
  explains: [...ofCrash, "file-refused", "program-unreachable"],
  async find(subject) {
    const [denied, lines, running] = await Promise.all([
      subject.host.get(kernelLog),
      subject.get(journal),
      subject.get(processes),
    ]);
    // The name of the program would be `node` for other services too.
    const pids = new Set([...lines, ...running].map(({ pid }) => pid));
    const first = lines[0]?.time ?? 0;
    const isOurs = ({ message, time }: KernelLine) =>
      /denied|preventing/i.test(message) &&
      time >= first &&
      pids.has(Number(/\bpid=(\d+)/.exec(message)?.[1]));
    const last = denied.findLast(isOurs);
    return last === undefined ? [] : [foundIn(last, subject.service)];
  },
};

function foundIn({ message }: KernelLine, unit: string): Found {
  const isAppArmor = /apparmor=/.test(message);
  const what = /\b(?:name|path)="([^"]+)"/.exec(message)?.[1];
  const profile = /\bprofile="([^"]+)"/.exec(message)?.[1];
  return {
    unit,
    message: `${isAppArmor ? "AppArmor" : "SELinux"} has refused ${what ?? "something"} to the service.`,
    evidence: [{ text: message, source: "journal of the kernel" }],
    fix: isAppArmor
      ? "Allow it in the profile, and load the profile again."
      : "Give the files the label that their place has by the policy. If it is a port or another right, audit2why says which setting allows it.",
    copy: isAppArmor
      ? [profile === undefined ? "aa-status" : `aa-logprof  # profile ${profile}`]
      : [
          ...(what?.startsWith("/") ? [`restorecon -Rv ${what}`] : []),
          "ausearch -m avc -ts recent | audit2why",
        ],
  };
}
