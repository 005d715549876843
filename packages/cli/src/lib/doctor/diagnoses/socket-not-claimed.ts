import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { packageFolder } from "../../app/manifest.ts";
import { shellWord } from "../../shared/shell-words.ts";
import { addLines } from "../fixes/commands.ts";
import type { Diagnosis, Evidence, Found } from "../model/diagnosis.ts";
import { appWarnings, UNCLAIMED } from "../facts/app-warnings.ts";
import { lastRun } from "../facts/journal.ts";
import type { ListeningSocket } from "../../systemd/listening-sockets.ts";
import { listeningBeside } from "../facts/listening.ts";
import { passedSockets, type PassedSocket, portOf } from "../facts/passed-sockets.ts";
import { isJavaScript, processes, type ServiceProcess } from "../facts/processes.ts";
import { program } from "../facts/program.ts";
import { serviceProperties, STARTING_MS, uptime } from "../facts/properties.ts";
import type { Subject } from "../model/subject.ts";

/** The app runs, has the socket, and does not accept from it. */
export const socketNotClaimed: Diagnosis = {
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
    const [service, running, passed, warnings] = await Promise.all([
      subject.get(serviceProperties),
      subject.get(processes),
      subject.get(passedSockets),
      subject.get(appWarnings),
    ]);
    const unclaimed = warnings.filter(({ code }) => UNCLAIMED.includes(code)).at(-1);
    const main = running.find(({ isMain }) => isMain);
    const isServed = ({ inode }: PassedSocket): boolean =>
      running.some(({ watched }) => inode !== undefined && watched.has(inode));
    const opened = passed.some(isServed) ? [] : await openedItself(subject, passed);
    if (main === undefined || opened.length > 0) return opened;
    // The open files are not visible, or the service is stopping anyway.
    if (main.sockets === undefined || service.get("ActiveState") === "deactivating") return [];
    const missed = passed.filter(
      (socket) =>
        socket.inode !== undefined &&
        !isServed(socket) &&
        running.some(({ sockets }) => sockets?.has(socket.inode!)),
    );
    if (missed.length === 0) return [];
    // Programs other than Node and Bun may not use an epoll.
    if (unclaimed === undefined && !running.some(isJavaScript)) return [];
    const own = await ownListeners(running, passed);
    // An app that serves elsewhere has started.
    if (unclaimed === undefined && own.length === 0 && uptime(service) < STARTING_MS) return [];
    const addresses = missed.map(({ address }) => address).join(" and ");
    const evidence: Evidence[] = [
      {
        text: `No event loop of the service waits for ${addresses}`,
        source: `/proc/${main.pid}/fdinfo`,
      },
      ...own.map(({ address, pid }) => ({
        text: `process ${pid} listens on ${address}`,
        source: `/proc/${pid}/net`,
      })),
      ...(unclaimed
        ? [{ text: `[${unclaimed.code}] ${unclaimed.message}`, source: `journal of ${subject.service}` }]
        : []),
    ];
    return [
      {
        unit: subject.service,
        message:
          own.length > 0
            ? `systemd passed ${addresses} to the app, but the app does not accept connections on it. The app listens on ${own.map(({ address }) => address).join(" and ")} instead.`
            : `systemd passed ${addresses} to the app, but the app does not accept connections on it.`,
        evidence,
        fix:
          unclaimed && unclaimed.details.length > 0
            ? unclaimed.details.join(" ")
            : "If the app calls systemdListen(), the call must come before listen(). Otherwise add the call, or load the preload, which needs no change of the app:",
        copy: unclaimed && unclaimed.details.length > 0 ? [] : await ways(subject),
      },
    ];
  },
};

/** The sockets that the processes have opened themselves. */
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

/** An app without sockact tries to open the port of its socket. It ends with EADDRINUSE, or with EACCES if only root may open the port. */
async function openedItself(subject: Subject, passed: readonly PassedSocket[]): Promise<Found[]> {
  const lines = await subject.get(lastRun);
  const inUse = /(?:EADDRINUSE: address already in use|EACCES: permission denied) (\S+)/;
  const line = lines.findLast(({ unit, message }) => unit === subject.service && inUse.test(message));
  const address = inUse.exec(line?.message ?? "")?.[1] ?? "";
  const port = portOf(address);
  const socket = passed.find(
    (each) => each.address === address || (port !== undefined && portOf(each.address) === port),
  );
  return line && socket ? [await foundInUse(subject, line.message, socket)] : [];
}

async function foundInUse(
  subject: Subject,
  message: string,
  { unit, address }: PassedSocket,
): Promise<Found> {
  return {
    unit: subject.service,
    message: `The app tries to open ${address} itself, but ${unit} has already opened it. systemd passed the socket to the app, and the app does not use it.`,
    evidence: [{ text: message, source: `journal of ${subject.service}` }],
    fix: "Call systemdListen() before listen(). Or load the preload, which needs no change of the app:",
    copy: await ways(subject),
  };
}

/** The two fixes: the line of code, or the preload. */
async function ways(subject: Subject): Promise<string[]> {
  const [service, command] = await Promise.all([subject.get(serviceProperties), subject.get(program)]);
  const script = command?.words.slice(1).find((word) => /\.[cm]?[jt]s$/.test(word));
  const working = service.get("WorkingDirectory").replace(/^[!-]+/, "") || "/";
  const folder = script === undefined ? working : packageFolder(dirname(resolve(working, script)));
  const preload = join(folder, "node_modules/@sockact/register/dist/index.cjs");
  return [
    "app.use(systemdListen()); // Express and Koa; in Fastify app.register(systemdListen)",
    "# or:",
    ...(existsSync(preload) ? [] : [`cd ${shellWord(folder)} && npm install @sockact/register`]),
    ...addLines(subject.host, subject.service, `Environment=NODE_OPTIONS=--require=${preload}`),
  ];
}
