import type { Diagnosis } from "../model/diagnosis.ts";
import { directivesFor } from "../directives.ts";
import { appWarnings } from "../facts/app-warnings.ts";
import { launcher as launcherOf } from "../facts/launcher.ts";
import { passedSockets } from "../facts/passed-sockets.ts";
import { processes } from "../facts/processes.ts";

/** systemd runs npm, a shell or a watcher, and that runs the app. */
export const launcher: Diagnosis = {
  code: "launcher",
  severity: "error",
  title: "systemd runs a tool that starts the app in another process",
  why: "systemd passes the sockets to the process that it starts itself. The app is a child of it, and gets none.",
  looksAt: "the processes of the service, and `SOCKACT_LAUNCHER` in its journal",
  remedy:
    "`ExecStart=` with the absolute path of Node and of the app; in a shell script, `exec` before the command",
  explains: [
    "exec-launcher",
    "exec-shell",
    "notify-wrapped",
    "socket-not-taken",
    "never-ready",
    "app-warning",
    "restart-loop",
  ],
  async find(subject) {
    const [found, warnings, passed, running] = await Promise.all([
      subject.get(launcherOf),
      subject.get(appWarnings),
      subject.get(passedSockets),
      subject.get(processes),
    ]);
    const warned = warnings.find(({ code }) => code === "SOCKACT_LAUNCHER" || code === "SOCKACT_FORKED");
    // A shell that reads the sockets itself, or has passed them on, is no trouble.
    const isServed = passed.some(
      ({ inode }) => inode !== undefined && running.some(({ watched }) => watched.has(inode)),
    );
    const isInTheWay = found?.app !== undefined && passed.length > 0 && !isServed;
    if (!warned && !isInTheWay) return [];
    const lines =
      warned?.details.filter((line) => /^(?:ExecStart|WorkingDirectory|Environment)=/.test(line)) ?? [];
    const app = found?.app;
    const { systemctl } = subject.host.manager;
    const directives =
      lines.length > 0 ? ["[Service]", ...lines] : app && app.program !== "" ? directivesFor(app) : [];
    const isShell = /sh$|^busybox$/.test(found?.name ?? "");
    return [
      {
        unit: subject.service,
        message: isInTheWay
          ? `systemd has started ${found.name} (process ${found.process.pid}), and that has started the app (process ${app?.pid}), which has no socket of systemd.`
          : (warned?.message ?? ""),
        evidence: [
          ...(found
            ? [
                {
                  text: [found.process, ...(app ? [app] : [])]
                    .map(({ pid, words }) => `${pid} ${words.join(" ")}`)
                    .join("\n"),
                  source: "processes of the service, the main one first",
                },
              ]
            : []),
          ...(warned
            ? [{ text: `[${warned.code}] ${warned.message}`, source: `journal of ${subject.service}` }]
            : []),
        ],
        fix:
          directives.length === 0
            ? (warned?.details.join(" ") ?? "Let ExecStart= run node itself.")
            : isShell
              ? "Write exec before the command in the script, or let systemd run the app itself:"
              : "Let systemd run the app itself:",
        copy:
          directives.length === 0
            ? []
            : [
                `${systemctl} edit ${subject.service}`,
                ...directives.flatMap((line) =>
                  // The line in the file is there already, and a service has one program.
                  line.startsWith("ExecStart=") ? ["  ExecStart=", `  ${line}`] : `  ${line}`,
                ),
                `${systemctl} restart ${subject.service}`,
              ],
      },
    ];
  },
};
