import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { NO_SOCKET, rejection } from "@sockact/shared/texts";
import { packageFolder } from "../../app/manifest.ts";
import { ownCommand } from "../../shared/own-command.ts";
import { shellWord } from "../../shared/shell-words.ts";
import type { ListeningSocket } from "../../systemd/listening-sockets.ts";
import { type AppWarning, appWarnings, UNCLAIMED } from "../facts/app-output.ts";
import { appLines, type JournalLine, lastRun, quoted } from "../facts/journal.ts";
import { directivesFor, launcher, scriptLauncher } from "../facts/launcher.ts";
import { isJavaScript, processes, type ServiceProcess } from "../facts/processes.ts";
import { program } from "../facts/program.ts";
import { serviceUnit, socketUnits, STARTING_MS, uptime } from "../facts/units.ts";
import { serviceRun } from "../facts/runs.ts";
import { isServedBy, listeningBeside, type PassedSocket, passedSockets, portOf } from "../facts/sockets.ts";
import { addLines } from "../model/commands.ts";
import { type Diagnosis, type Evidence, type Found, ofCrash } from "../model/diagnosis.ts";
import type { Subject } from "../model/subject.ts";

/** Apps that do not serve their sockets. */
export const claims: readonly Diagnosis[] = [
  {
    // npm, a shell or a watcher.
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
      const [found, warnings, passed, running] = await subject.all(
        launcher,
        appWarnings,
        passedSockets,
        processes,
      );
      const warned = warnings.find(
        ({ code }) => code === "SOCKACT_WARN_LAUNCHER" || code === "SOCKACT_WARN_FORKED",
      );
      if (found === undefined && !warned) return writtenLauncher(subject);
      const app = found?.app;
      // Some launchers pass the sockets on, and the app serves them.
      const isInTheWay = app !== undefined && passed.length > 0 && !passed.some(isServedBy(running));
      if (!warned && !isInTheWay) return [];
      const lines =
        warned?.details.filter((line) => /^(?:ExecStart|WorkingDirectory|Environment)=/.test(line)) ?? [];
      const directives = lines.length > 0 || !app?.program ? lines : directivesFor(app);
      const shown = found === undefined ? [] : [found.process, ...(app ? [app] : [])];
      return {
        message: isInTheWay
          ? `systemd started ${found!.name} (process ${found!.process.pid}), and ${found!.name} started the app (process ${app.pid}). The app has no socket from systemd.`
          : (warned?.message ?? ""),
        evidence: [
          ...(shown.length === 0
            ? []
            : [
                {
                  text: shown.map(({ pid, words }) => `${pid} ${words.join(" ")}`).join("\n"),
                  source: "processes of the service, the main one first",
                },
              ]),
          ...quotedWarning(warned, subject),
        ],
        fix:
          directives.length === 0
            ? (warned?.details.join(" ") ?? "Make ExecStart= run node directly.")
            : /sh$|^busybox$/.test(found?.name ?? "")
              ? "Write exec before the command in the script, or let systemd run the app itself:"
              : "Let systemd run the app itself:",
        copy: directives.length === 0 ? [] : replaceProgram(subject, directives),
      };
    },
  },
  {
    code: "socket-not-claimed",
    severity: "error",
    title: "the app does not listen on its socket",
    why: "Clients can connect, but they wait in the queue of the socket and get no answer.",
    looksAt:
      "The sockets that the event loops of the service watch, the other ports of its processes, and `SOCKACT_WARN_UNCLAIMED` and `EADDRINUSE` in the journal.",
    remedy:
      "Call `app.use(systemdListen())` before `listen()`, call `listen(server)` from `@sockact/core`, or load the preload `@sockact/register`.",
    explains: ["never-ready", "app-crashed", "app-warning", "restart-loop", "port-twice"],
    async find(subject) {
      const [service, running, passed, warnings] = await subject.all(
        serviceUnit,
        processes,
        passedSockets,
        appWarnings,
      );
      const isServed = isServedBy(running);
      const opened = passed.some(isServed) ? [] : await openedItself(subject, passed);
      const main = running.find(({ isMain }) => isMain);
      if (main === undefined || opened.length > 0) return opened;
      // The open files are not visible, or the service is stopping anyway.
      if (main.sockets === undefined || service.state === "deactivating") return [];
      const missed = passed.filter(
        (socket) =>
          socket.inode !== undefined &&
          !isServed(socket) &&
          running.some(({ sockets }) => sockets?.has(socket.inode!)),
      );
      if (missed.length === 0) return [];
      const unclaimed = warnings.findLast(({ code }) => UNCLAIMED.includes(code));
      // Programs other than Node and Bun may not use epoll.
      if (unclaimed === undefined && !running.some(isJavaScript)) return [];
      const own = await ownListeners(running, passed);
      // An app that serves another address has started.
      if (unclaimed === undefined && own.length === 0 && uptime(service) < STARTING_MS) return [];
      const addresses = missed.map(({ address }) => address).join(" and ");
      const elsewhere = own.map(({ address }) => address).join(" and ");
      const hasDetails = unclaimed !== undefined && unclaimed.details.length > 0;
      return {
        message: `systemd passed ${addresses} to the app, but the app does not accept connections on it.${own.length > 0 ? ` The app listens on ${elsewhere} instead.` : ""}`,
        evidence: [
          {
            text: `No event loop of the service waits for ${addresses}`,
            source: `/proc/${main.pid}/fdinfo`,
          },
          ...own.map(({ address, pid }) => ({
            text: `process ${pid} listens on ${address}`,
            source: `/proc/${pid}/net`,
          })),
          ...quotedWarning(unclaimed, subject),
        ],
        fix: hasDetails
          ? unclaimed.details.join(" ")
          : "If the app calls systemdListen(), the call must come before listen(). Otherwise add the call, or load the preload, which needs no change of the app:",
        copy: hasDetails ? [] : await waysToClaim(subject),
      };
    },
  },
  {
    code: "socket-name-unknown",
    severity: "error",
    title: "the app asks for a socket name that does not exist",
    why: "FileDescriptorName= sets the name of a socket. Without that line, the name is the name of the unit, such as shop.socket.",
    looksAt:
      "SOCKACT_ERR_NAME_UNKNOWN in the output of the app, and `FileDescriptorName` of each socket unit.",
    remedy: "Correct `FileDescriptorName=` in the socket unit, `name` in the app, or `SOCKACT_MAP`.",
    explains: [...ofCrash, "map-name-unknown"],
    async find(subject) {
      const [{ output }, sockets] = await subject.all(serviceRun, socketUnits);
      const error = output.find(({ message }) => message.includes("SOCKACT_ERR_NAME_UNKNOWN"));
      if (error === undefined) return [];
      const said = output.find(({ message }) => message.includes(NO_SOCKET));
      const wanted = /^[^\s,]+/.exec(said?.message.split(NO_SOCKET)[1] ?? "")?.[0] ?? "NAME";
      return {
        message: `The app asks for a socket named ${wanted}, but systemd passes ${sockets.map((unit) => unit.get("FileDescriptorName")).join(", ") || "none"}.`,
        evidence: [
          ...quoted([said ?? error]),
          ...sockets.flatMap((socket) => socket.show("FileDescriptorName")),
        ],
        fix: "Give the socket the name that the app asks for, or correct the name in the app. Restart the socket after you have changed its name.",
        copy: sockets.length === 1 ? addLines(subject, sockets[0]!.unit, `FileDescriptorName=${wanted}`) : [],
      };
    },
  },
  {
    code: "proxy-header",
    severity: "info",
    title: "the app has closed connections because of their PROXY header",
    why: "The header was missing, late or not valid, or its sender is not in `from`. Such a client gets no answer. It may be a stranger, a monitor or the first request of `sockact install`. But it may also be your load balancer.",
    looksAt: "SOCKACT_ERR_PROXY_HEADER in the last run of the service.",
    remedy:
      "Let the load balancer send the header, such as with `send-proxy-v2` in HAProxy, and list its address in `from`. For clients without a header, pass a second socket without `proxyProtocol`. If the sender is the host itself, right after `sockact install`, change nothing.",
    async find(subject) {
      const last = new Map<string, JournalLine>();
      for (const line of await subject.get(appLines)) {
        const [, name, code] = rejection.exec(line.message) ?? [];
        if (name !== undefined && code === "SOCKACT_ERR_PROXY_HEADER") last.set(name, line);
      }
      return Array.from(last, ([name, line]) => ({
        message: `${subject.service} has closed connections to ${name}, because they did not begin with a PROXY header that it accepts.`,
        evidence: quoted([line]),
        fix: "If the sender is your load balancer, let it send the header, such as with send-proxy-v2 in HAProxy, and list its address in from. If it is another client, pass a second socket without proxyProtocol for it. If the sender is this host, right after sockact install, it was the test request of install: change nothing.",
      }));
    },
  },
  {
    // Only without another explanation.
    code: "app-warning",
    severity: "warning",
    title: "sockact printed a warning in the journal of the service",
    why: "The app keeps running, but not as its units say.",
    looksAt: "`SockactWarning` in the journal of the last run of the service.",
    remedy: "Do what the warning says.",
    async find(subject) {
      return (await subject.get(appWarnings)).map((warning) => ({
        message: warning.message,
        evidence: quotedWarning(warning, subject),
        fix: warning.details.join(" ") || `${ownCommand("explain", warning.code)} says what to change.`,
      }));
    },
  },
];

/** A warning of sockact as evidence. */
function quotedWarning(warning: AppWarning | undefined, { service }: Subject): Evidence[] {
  if (warning === undefined) return [];
  return [{ text: `[${warning.code}] ${warning.message}`, source: `journal of ${service}` }];
}

/** If the service does not run, its unit and package.json show the launcher. */
async function writtenLauncher(subject: Subject): Promise<readonly Found[]> {
  const found = await subject.get(scriptLauncher);
  if (found === undefined) return [];
  const { name, script, manifest, command, variables } = found;
  return [
    {
      message: `systemd starts ${name}, and ${name} starts the app. The app gets no socket from systemd.`,
      evidence: [{ text: script, source: manifest }],
      fix: `Let systemd run the app itself, as the script does${variables.length > 0 ? `, with the script's ${variables.join(", ")} in Environment=` : ""}:`,
      copy: replaceProgram(subject, directivesFor(command)),
    },
  ];
}

/** A service may have only one program, so an empty assignment resets it first. */
function replaceProgram(subject: Subject, directives: readonly string[]): string[] {
  const lines = directives.flatMap((line) => (line.startsWith("ExecStart=") ? ["ExecStart=", line] : line));
  return addLines(subject, subject.service, ...lines);
}

/** The sockets that the processes opened themselves. */
async function ownListeners(
  running: readonly ServiceProcess[],
  passed: readonly PassedSocket[],
): Promise<(ListeningSocket & { pid: number })[]> {
  const own = await Promise.all(
    running.map(async (each) =>
      (await listeningBeside(each))
        .filter(
          ({ inode, protocol }) =>
            protocol !== "udp" &&
            each.sockets?.has(inode) === true &&
            each.watched.has(inode) &&
            passed.every((socket) => socket.inode !== inode),
        )
        .map((socket) => ({ ...socket, pid: each.pid })),
    ),
  );
  return own.flat();
}

/**
 * An app without sockact tries to open the port of its socket. It ends with EADDRINUSE, or with EACCES if
 * only root may open the port.
 */
async function openedItself(subject: Subject, passed: readonly PassedSocket[]): Promise<Found[]> {
  const lines = await subject.get(lastRun);
  const inUse = /(?:EADDRINUSE: address already in use|EACCES: permission denied) (\S+)/;
  const line = lines.findLast(({ unit, message }) => unit === subject.service && inUse.test(message));
  const address = inUse.exec(line?.message ?? "")?.[1] ?? "";
  const port = portOf(address);
  const socket = passed.find(
    (each) => each.address === address || (port !== undefined && portOf(each.address) === port),
  );
  if (line === undefined || socket === undefined) return [];
  return [
    {
      message: `The app tries to open ${socket.address} itself, but ${socket.unit} has already opened it. systemd passed the socket to the app, and the app does not use it.`,
      evidence: quoted([line]),
      fix: "Call systemdListen() before listen(). Or load the preload, which needs no change of the app:",
      copy: await waysToClaim(subject),
    },
  ];
}

/** The two fixes: a line of code, or the preload. */
async function waysToClaim(subject: Subject): Promise<string[]> {
  const [service, command] = await subject.all(serviceUnit, program);
  const script = command?.words.slice(1).find((word) => /\.[cm]?[jt]s$/.test(word));
  const folder =
    script === undefined ? service.folder : packageFolder(dirname(resolve(service.folder, script)));
  const preload = join(folder, "node_modules/@sockact/register/dist/index.cjs");
  return [
    "app.use(systemdListen()); // Express and Koa; in Fastify app.register(systemdListen)",
    "# or:",
    ...(existsSync(preload) ? [] : [`cd ${shellWord(folder)} && npm install @sockact/register`]),
    ...addLines(subject, subject.service, `Environment=NODE_OPTIONS=--require=${preload}`),
  ];
}
