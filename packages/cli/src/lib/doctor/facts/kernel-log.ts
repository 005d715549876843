import type { Host } from "../model/host.ts";

/** A line of the kernel or of the audit daemon. */
export interface KernelLine {
  message: string;
  /** Milliseconds since 1970. */
  time: number;
}

/** The accesses and calls that SELinux, AppArmor and seccomp have denied since the boot. */
export async function kernelLog(host: Host): Promise<KernelLine[]> {
  const { stdout } = await host.manager.runProgram(
    "journalctl",
    "--boot",
    "--output=json",
    "--all",
    "--quiet",
    "--no-pager",
    "--lines=2000",
    "_TRANSPORT=kernel",
    "+",
    "_TRANSPORT=audit",
    "+",
    "SYSLOG_IDENTIFIER=audit",
    "+",
    "SYSLOG_IDENTIFIER=setroubleshoot",
  );
  return stdout.split("\n").flatMap((json) => {
    if (json === "") return [];
    const line = JSON.parse(json) as Record<string, unknown>;
    const message = line["MESSAGE"];
    if (typeof message !== "string" || !refusal.test(message)) return [];
    return [{ message, time: Number(line["__REALTIME_TIMESTAMP"]) / 1000 }];
  });
}

const refusal = /apparmor="DENIED"|\bavc: +denied|SELinux is preventing|\btype=1326\b|\bSECCOMP\b/i;
