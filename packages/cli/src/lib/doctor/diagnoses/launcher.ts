import type { Diagnosis, Found } from "../model/diagnosis.ts";
import { editUnit } from "../fixes/commands.ts";
import { directivesFor } from "../fixes/directives.ts";
import { appWarnings } from "../facts/app-warnings.ts";
import { scriptLauncher } from "../facts/script-launcher.ts";
import { launcher as launcherOf } from "../facts/launcher.ts";
import { passedSockets } from "../facts/passed-sockets.ts";
import { processes } from "../facts/processes.ts";
import type { Subject } from "../model/subject.ts";

/** systemd runs npm, a shell or a watcher, which runs the app. */
export const launcher: Diagnosis = {
  code: "launcher",
  severity: "error",
  title: "systemd runs a tool that starts the app in another process",
  why: "systemd passes the sockets to the process that it starts. The app is a child of this process, and gets no socket.",
  looksAt:
    "The processes of the service, `SOCKACT_WARN_LAUNCHER` in its journal, and the start script of `ExecStart=npm start`.",
  remedy:
    "Write `ExecStart=` with the absolute path of Node and of the app. In a shell script, write `exec` before the command.",
  explains: [
    "exec-launcher",
    "exec-shell",
    "notify-wrapped",
    "socket-not-claimed",
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
    const warned = warnings.find(
      ({ code }) => code === "SOCKACT_WARN_LAUNCHER" || code === "SOCKACT_WARN_FORKED",
    );
    // Some launchers pass the sockets on. Then the app serves them.
    const isServed = passed.some(
      ({ inode }) => inode !== undefined && running.some(({ watched }) => watched.has(inode)),
    );
    const isInTheWay = found?.app !== undefined && passed.length > 0 && !isServed;
    if (found === undefined && !warned) return written(subject);
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
          ? `systemd started ${found.name} (process ${found.process.pid}), and ${found.name} started the app (process ${app?.pid}). The app has no socket from systemd.`
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
            ? (warned?.details.join(" ") ?? "Make ExecStart= run node directly.")
            : isShell
              ? "Write exec before the command in the script, or let systemd run the app itself:"
              : "Let systemd run the app itself:",
        copy:
          directives.length === 0
            ? []
            : [
                ...editUnit(systemctl, subject.service, replacing(directives)),
                `${systemctl} restart ${subject.service}`,
              ],
      },
    ];
  },
};

/** While the service does not run, its unit and package.json show the launcher. */
async function written(subject: Subject): Promise<Found[]> {
  const found = await subject.get(scriptLauncher);
  if (found === undefined) return [];
  const { host, service } = subject;
  const { name, script, manifest, command, variables } = found;
  return [
    {
      unit: service,
      message: `systemd starts ${name}, and ${name} starts the app. The app gets no socket from systemd.`,
      evidence: [{ text: script, source: manifest }],
      fix: `Let systemd run the app itself, as the script does${variables.length > 0 ? `, with the script's ${variables.join(", ")} in Environment=` : ""}:`,
      copy: [
        ...editUnit(host.manager.systemctl, service, replacing(directivesFor(command))),
        `${host.manager.systemctl} restart ${service}`,
      ],
    },
  ];
}

/** A service may have only one program, so an empty line removes the present one first. */
function replacing(directives: readonly string[]): string[] {
  return directives.flatMap((line) => (line.startsWith("ExecStart=") ? ["ExecStart=", line] : line));
}
