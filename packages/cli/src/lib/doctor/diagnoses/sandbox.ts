import { HEAP_EXHAUSTED, V8_FAILED } from "../../printed/node.ts";
import { failedCalls } from "../facts/app-output.ts";
import { unitFiles } from "../facts/files.ts";
import { journal, kernelLog, quoted } from "../facts/journal.ts";
import { processes } from "../facts/processes.ts";
import { nodeOptions } from "../facts/program.ts";
import { serviceUnit } from "../facts/units.ts";
import { isKilledBy, serviceRun } from "../facts/runs.ts";
import { networkCuts } from "../facts/sandbox.ts";
import { addLines } from "../model/commands.ts";
import { type Diagnosis, ofCrash } from "../model/diagnosis.ts";

/** What the sandbox, limits and security policy prevent the app from doing. */
export const sandbox: readonly Diagnosis[] = [
  {
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
        ({ message, pid }) => /1326|SECCOMP/.test(message) && pids.has(pid),
      );
      return {
        message: `${service} was killed by SIGSYS: it made a system call that SystemCallFilter= does not allow.`,
        evidence: [
          ...quoted([run.end!.line]),
          ...(audited ? [{ text: audited.message, source: "journal of the kernel" }] : []),
        ],
        fix: "Let the call fail with an error instead. If the app then reports EPERM, add the call to SystemCallFilter=.",
        copy: addLines(subject, service, "SystemCallErrorNumber=EPERM"),
      };
    },
  },
  {
    code: "jit-crashed",
    severity: "error",
    title: "MemoryDenyWriteExecute= crashed Node",
    why: "V8 compiles JavaScript to machine code while the app runs. MemoryDenyWriteExecute= forbids that.",
    looksAt: "The signal that ended the last run, the message of V8, and `MemoryDenyWriteExecute`.",
    remedy: "Write `MemoryDenyWriteExecute=no` into the service, or run `node --jitless`.",
    explains: [...ofCrash, "jit-killed"],
    async find(subject) {
      const [run, properties] = await subject.all(serviceRun, serviceUnit);
      if (properties.get("MemoryDenyWriteExecute") !== "yes") return [];
      if (!isKilledBy(run, "TRAP", "ILL", "SEGV", "ABRT", "BUS")) return [];
      const { service } = subject;
      const said = run.output.find(({ message }) => V8_FAILED.test(message));
      return {
        message: `${service} was killed by SIG${run.end!.name}, and MemoryDenyWriteExecute= is on.`,
        evidence: [...properties.show("MemoryDenyWriteExecute"), ...quoted([said, run.end!.line])],
        fix: "Turn it off. Or run Node with --jitless. Node is then slower, and has no WebAssembly.",
        copy: addLines(subject, service, "MemoryDenyWriteExecute=no"),
      };
    },
  },
  {
    code: "memory-exhausted",
    severity: "error",
    title: "the app ran out of memory",
    why: "If the service uses more memory than MemoryMax=, the kernel kills its processes. V8 gives up when its heap reaches its limit. V8 derives this limit from the memory of the machine, or from MemoryMax=.",
    looksAt: "`oom-kill` and the message of V8 in the journal, and `MemoryMax`.",
    remedy: "Raise `MemoryMax=` or `--max-old-space-size=`, or find out what the app keeps in memory.",
    explains: [...ofCrash, "jit-crashed", "memory-tiny", "limit-low"],
    async find(subject) {
      const [run, properties, options] = await subject.all(serviceRun, serviceUnit, nodeOptions);
      const { service } = subject;
      const killed = run.manager.filter(({ message }) => /oom-kill|OOM killer/i.test(message));
      const isOfMachine = properties.get("MemoryMax") === "infinity";
      if (killed.length > 0)
        return {
          message: `The kernel killed ${service}, because it used more memory than it is allowed.`,
          evidence: [...quoted(killed), ...properties.show("MemoryMax")],
          fix: isOfMachine
            ? "The machine ran out of memory. Give it more memory, or let the app use less."
            : "Raise the limit, or let the app use less memory. With --max-old-space-size at about three quarters of the limit, V8 collects garbage in time.",
          copy: isOfMachine ? [] : addLines(subject, service, "MemoryMax=512M"),
        };
      const heap = run.output.find(({ message }) => HEAP_EXHAUSTED.test(message));
      if (heap === undefined) return [];
      const limit = /--max[-_]old[-_]space[-_]size=\d+/.exec(options.join(" "))?.[0];
      return {
        message: "The heap of V8 has reached its limit.",
        evidence: [
          ...quoted([heap]),
          ...(limit === undefined ? [] : [{ text: limit, source: "options of Node" }]),
        ],
        fix: "Raise the limit, which is in megabytes. Or find out what the app keeps in memory: node --heapsnapshot-near-heap-limit=1.",
        copy: addLines(subject, service, "Environment=NODE_OPTIONS=--max-old-space-size=1024"),
      };
    },
  },
  {
    code: "descriptors-exhausted",
    severity: "error",
    title: "the app ran out of file descriptors",
    why: "Each connection and each open file needs a file descriptor. Without a free one, the app can't accept the next connection.",
    looksAt: "EMFILE and ENFILE in the output of the app, and `LimitNOFILE`.",
    remedy: "Raise `LimitNOFILE=`, or find out which files and connections the app leaves open.",
    explains: [...ofCrash, "limit-low"],
    async find(subject) {
      const [run, properties] = await subject.all(serviceRun, serviceUnit);
      const limit = properties.get("LimitNOFILE");
      const said = run.output.find(({ message }) => /\bE[MN]FILE\b/.test(message));
      // Node needs more than twenty before it runs any code, and crashes without a message.
      const isTooFew = Number(limit) < 32 && isKilledBy(run, "SEGV", "ABRT", "TRAP");
      if (said === undefined && !isTooFew) return [];
      return {
        message: isTooFew
          ? `Node can't start with so few file descriptors: LimitNOFILE=${limit}.`
          : `The app has reached its limit of ${limit} open files and connections.`,
        evidence: [...quoted([said ?? run.end!.line]), ...properties.show("LimitNOFILE")],
        fix: "Close the files and connections that the app leaves open, or raise the limit.",
        copy: addLines(subject, subject.service, "LimitNOFILE=65536"),
      };
    },
  },
  {
    code: "address-family-refused",
    severity: "error",
    title: "RestrictAddressFamilies= does not allow a socket",
    why: "To connect to a database or another server, the app opens sockets itself. RestrictAddressFamilies= must allow their address family. The sockets that systemd passes are not affected.",
    looksAt: "EAFNOSUPPORT in the output of the app, and `RestrictAddressFamilies`.",
    remedy: "Write `RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK` into the service.",
    explains: [...ofCrash, "network-cut"],
    async find(subject) {
      const [{ output }, properties, files] = await subject.all(serviceRun, serviceUnit, unitFiles);
      const said = output.find(({ message }) => message.includes("EAFNOSUPPORT"));
      // If no family is allowed, systemctl prints an empty value.
      const isNone = files.some(({ text }) => /^RestrictAddressFamilies=none$/m.test(text));
      const families = properties.get("RestrictAddressFamilies") || (isNone ? "none" : "");
      if (said === undefined || families === "") return [];
      return {
        message:
          "The app tries to open a socket, but RestrictAddressFamilies= does not allow its address family.",
        evidence: [...quoted([said]), properties.evidence(`RestrictAddressFamilies=${families}`)],
        fix: "Allow the address families that outgoing connections need. If sockact wrote the unit, use the profile outbound instead of inbound.",
        copy: addLines(
          subject,
          subject.service,
          "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
          ...networkCuts(properties).map(({ undo }) => undo),
        ),
      };
    },
  },
  {
    code: "network-cut",
    severity: "error",
    title: "the sandbox blocks outgoing connections",
    why: "Clients reach the app, because systemd opens the sockets of the unit outside the sandbox. Connections that the app opens itself can't leave the sandbox.",
    looksAt:
      "Failed calls of `connect` and `getaddrinfo` in the output of the app, `PrivateNetwork` and `IPAddressDeny`.",
    remedy:
      'Write `hardening: "outbound"` into the description. Or write `PrivateNetwork=no` and `IPAddressAllow=` into the service.',
    explains: ofCrash,
    async find(subject) {
      const [calls, properties] = await subject.all(failedCalls, serviceUnit);
      const cuts = networkCuts(properties);
      const failed = calls.filter(
        ({ code, call, target }) =>
          /^(?:connect|send|getaddrinfo|query\w+)$/.test(call) &&
          !target.startsWith("/") &&
          cuts.some(({ codes }) => codes.test(code)),
      );
      const [first] = failed;
      if (first === undefined) return [];
      const lines = cuts.map(({ line }) => line);
      return {
        message: `The app can't connect to ${first.target || "another server"} (${first.code}): ${lines.join(" and ")} blocks its connections.`,
        evidence: [
          ...quoted(failed.slice(0, 3).map(({ line }) => line)),
          properties.evidence(lines.join("\n")),
        ],
        fix: "Allow outgoing connections. If sockact wrote the unit, use the profile outbound instead of inbound.",
        copy: addLines(subject, subject.service, ...cuts.map(({ undo }) => undo)),
      };
    },
  },
  {
    code: "security-denied",
    severity: "error",
    title: "SELinux or AppArmor denied the service an access",
    why: "Besides file modes, the system has a policy for what each program may do. The app gets EACCES or EPERM although the modes allow the access.",
    looksAt:
      '`avc: denied` and `apparmor="DENIED"` in the kernel and audit lines of the journal, with a process of the service.',
    remedy: "Correct the label of the files with `restorecon`, or change the profile of the program.",
    explains: [...ofCrash, "file-refused", "program-unreachable"],
    async find(subject) {
      const denied = await subject.host.get(kernelLog);
      const [lines, running] = await subject.all(journal, processes);
      // The program's name would be `node` for other services too.
      const pids = new Set([...lines, ...running].map(({ pid }) => pid));
      const first = lines[0]?.time ?? 0;
      const last = denied.findLast(
        ({ message, pid, time }) => /denied|preventing/i.test(message) && time >= first && pids.has(pid),
      );
      if (last === undefined) return [];
      const { message } = last;
      const isAppArmor = message.includes("apparmor=");
      const what = /\b(?:name|path)="([^"]+)"/.exec(message)?.[1];
      const profile = /\bprofile="([^"]+)"/.exec(message)?.[1];
      return {
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
    },
  },
];
