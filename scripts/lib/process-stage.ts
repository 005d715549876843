import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { delimiter, join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { emitUnits } from "@sockact/units";
import { ask, type Example, type Performance, type Stage } from "./stage.ts";

/** Starts an example with listening sockets on free ports of 127.0.0.1. */
type Start = (description: Example) => Promise<{ app: ChildProcess; ports: number[]; log: string[] }>;

/** Runs the examples under systemd-socket-activate, systemd's tool to try socket activation without units. */
export function socketActivateStage(): Stage {
  return stage("systemd-socket-activate, on other ports than 80 and 443", startWithSocketActivate);
}

/** Runs the examples with sockets that this process opened, passed the way systemd does it; sd_listen_fds(3). */
export function ownActivatorStage(): Stage {
  return stage("sockets that the demo opened itself, on other ports than 80 and 443", startWithOwnSockets);
}

/** Whether a program is on the PATH. */
export function isInstalled(program: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function stage(title: string, start: Start): Stage {
  return { title, perform: (description) => perform(description, start), close: async () => {} };
}

async function perform(description: Example, start: Start): Promise<Performance> {
  const { app, ports, log } = await start(description);
  // Nothing runs these units. They name the path of an installed app, since a service may not see the folder of this clone.
  const exec = ["/usr/bin/node", `/srv/${description.name}/server.js`];
  const units = Object.keys(emitUnits({ ...description, exec }));
  // An interrupted demo must not leave its app running.
  const stop = () => app.kill("SIGKILL");
  process.once("exit", stop);
  try {
    const names = namesOf(description);
    const listening = ports.map((port, index) => ({
      socket: names[index] ?? "",
      address: `127.0.0.1:${port}`,
    }));
    const answers = await ask(
      listening.map(({ address }) => `http://${address}`),
      async (url) => {
        const options = { headers: { connection: "close" }, signal: AbortSignal.timeout(5_000) };
        const response = await fetch(url, options).catch((error: unknown) => {
          throw new Error(`${url} was not answered`, { cause: error });
        });
        return { status: response.status, body: await response.text() };
      },
    );
    return { units, listening, answers, logName: "log", log: log.slice() };
  } catch (error) {
    throw new Error(
      [
        `${error instanceof Error ? error.message : String(error)}\nThe log of ${description.name}:`,
        ...log,
      ].join("\n  "),
      { cause: error },
    );
  } finally {
    if (app.exitCode === null && app.signalCode === null) {
      const ended = once(app, "exit");
      stop();
      await ended;
    }
    process.off("exit", stop);
  }
}

const startWithSocketActivate: Start = async (description) => {
  const names = namesOf(description);
  const ports = await freePorts(names.length);
  const { PATH = "", HOME = "" } = process.env;
  const app = spawn("systemd-socket-activate", [
    ...ports.map((port) => `--listen=127.0.0.1:${port}`),
    `--fdname=${names.join(":")}`,
    // systemd-socket-activate passes no variable on unless it is told to.
    ...Object.entries({ PATH, HOME, ...description.environment }).map(
      ([name, value]) => `--setenv=${name}=${value}`,
    ),
    ...description.exec,
  ]);
  const log: string[] = [];
  createInterface({ input: app.stdout }).on("line", (line) => log.push(line));
  await new Promise<void>((resolve, reject) => {
    let listening = 0;
    app.on("error", reject);
    app.on("exit", () => reject(new Error(`systemd-socket-activate ended:\n${log.join("\n")}`)));
    createInterface({ input: app.stderr }).on("line", (line) => {
      if (!line.startsWith("Listening on ")) return log.push(line);
      if (++listening === ports.length) resolve();
      return listening;
    });
  });
  return { app, ports, log: log };
};

const startWithOwnSockets: Start = async (description) => {
  const names = namesOf(description);
  const servers = await Promise.all(names.map(openServer));
  // The app gets copies of the sockets as fd 3 and up. `exec` keeps the pid that the shell wrote into LISTEN_PID.
  const app = spawn("/bin/sh", ["-c", 'LISTEN_PID=$$ exec "$@"', "sh", ...description.exec], {
    stdio: ["ignore", "pipe", "pipe", ...servers.map(fdOf)],
    env: {
      ...process.env,
      ...description.environment,
      LISTEN_FDS: String(names.length),
      LISTEN_FDNAMES: names.join(":"),
    },
  });
  const ports = servers.map(portOf);
  // Only the app still has the sockets, so connections wait for the app.
  for (const server of servers) server.close();
  const log: string[] = [];
  for (const output of [app.stdout, app.stderr])
    if (output) createInterface({ input: output }).on("line", (line) => log.push(line));
  await once(app, "spawn");
  return { app, ports, log };
};

function namesOf({ sockets }: Example): string[] {
  return sockets.map(({ name }) => name ?? "unknown");
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, openServer));
  const ports = servers.map(portOf);
  await Promise.all(servers.map(async (server) => once(server.close(), "close")));
  return ports;
}

async function openServer(): Promise<Server> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** The file descriptor of a listening server. Node has no public way to get it. */
function fdOf(server: Server): number {
  return (server as Server & { _handle: { fd: number } })._handle.fd;
}
