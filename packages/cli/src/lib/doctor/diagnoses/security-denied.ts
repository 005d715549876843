import type { Diagnosis, Found } from "../model/diagnosis.ts";
import { ofCrash } from "../model/consequences.ts";
import { kernelLog, type KernelLine } from "../facts/kernel-log.ts";
import { journal } from "../facts/journal.ts";
import { processes } from "../facts/processes.ts";

/** SELinux or AppArmor denied the service an access. */
export const securityDenied: Diagnosis = {
  code: "security-denied",
  severity: "error",
  title: "SELinux or AppArmor denied the service an access",
  why: "Besides file modes, the system has a policy for what each program may do. The app gets EACCES or EPERM although the modes allow the access.",
  looksAt:
    '`avc: denied` and `apparmor="DENIED"` in the kernel and audit lines of the journal, with a process of the service.',
  remedy: "Correct the label of the files with `restorecon`, or change the profile of the program.",
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
    message: `${isAppArmor ? "AppArmor" : "SELinux"} denied the service access${what === undefined ? "" : ` to ${what}`}.`,
    evidence: [{ text: message, source: "journal of the kernel" }],
    fix: isAppArmor
      ? "Allow the access in the profile, and load the profile again."
      : "Restore the labels that the policy has for the path of the files. For a port or another permission, audit2why names the setting that allows it.",
    copy: isAppArmor
      ? [profile === undefined ? "aa-status" : `aa-logprof  # profile ${profile}`]
      : [
          ...(what?.startsWith("/") ? [`restorecon -Rv ${what}`] : []),
          "ausearch -m avc -ts recent | audit2why",
        ],
  };
}
