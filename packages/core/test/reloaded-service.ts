import { existsSync } from "node:fs";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { connectInside, type PrivateSystemd, SANDBOX } from "@sockact/testkit";
// By its path, because @sockact/units has the testkit as a dependency.
import { handoverCommand } from "../../units/src/lib/node/handover.ts";
import { RawClient } from "./lifecycle-app.ts";

/** A server that programs/handover-servers.mjs creates. */
export interface HandoverServer {
  kind?: "http" | "https" | "http2" | "h2c" | "net" | "tls" | "express" | "udp" | "taken";
  /** The options of createServer(). */
  serverOptions?: Record<string, unknown>;
  /** Set on the server, such as `keepAliveTimeout`. */
  properties?: Record<string, unknown>;
  /** The options of listen(). */
  options?: Record<string, unknown>;
  webSockets?: boolean;
  /** Answer `Upgrade:` with another protocol. */
  upgrades?: boolean;
}

/** A service whose reload hands over to a new process. */
export interface HandoverUnits {
  /** The lines of a socket unit, by the name of its sockets. */
  sockets?: Record<string, string>;
  servers?: readonly HandoverServer[];
  /** A program of the folder programs. */
  program?: string;
  /** The whole of ExecStart=, instead of `program`. */
  exec?: string;
  /** More lines of the section [Service]. */
  lines?: string;
  env?: Record<string, string>;
}

/** The path of a file of this package inside every private systemd. */
export function insidePath(systemd: PrivateSystemd, file: string): string {
  const path = fileURLToPath(new URL(file, import.meta.url));
  return systemd.project + path.slice(path.lastIndexOf("/packages/"));
}

/** A service that runs in the tightest sandbox, and hands over at a reload. */
export class HandoverService implements AsyncDisposable {
  readonly systemd: PrivateSystemd;
  readonly #units: readonly string[];

  private constructor(systemd: PrivateSystemd, units: readonly string[]) {
    this.systemd = systemd;
    this.#units = units;
  }

  /** Resolves when the service is ready. */
  static async start(
    systemd: PrivateSystemd,
    {
      sockets = { http: "ListenStream=127.0.0.1:80" },
      servers = [{}],
      program = "handover-servers.mjs",
      exec = `${systemd.node} ${insidePath(systemd, `programs/${program}`)}`,
      lines = "",
      env = {},
    }: HandoverUnits = {},
  ): Promise<HandoverService> {
    const socketUnits = Object.keys(sockets).map((name) => `app-${name}.socket`);
    const environment = {
      SOCKACT_HANDOVER: "yes",
      SOCKACT_RELOAD_RESULT: "/run/app-reload/result",
      SOCKACT_DRAIN_TIMEOUT: "10s",
      APP: JSON.stringify(servers),
      ...env,
    };
    await systemd.installUnits({
      ...Object.fromEntries(
        Object.entries(sockets).map(([name, text]) => [
          `app-${name}.socket`,
          `[Socket]\n${text}\nFileDescriptorName=${name}\nService=app.service\n`,
        ]),
      ),
      "app.service": `[Unit]
StartLimitIntervalSec=0
[Service]
Type=notify-reload
OpenFile=/run/systemd/notify:notify
NotifyAccess=main
Sockets=${socketUnits.join(" ")}
ExecStart=${exec}
${Object.entries(environment)
  .map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}`)
  .join("\n")}
RuntimeDirectory=app-reload
ExecReload=${handoverCommand}
${SANDBOX}
NonBlocking=true
${lines}
`,
    });
    await systemd.start(...socketUnits, "app.service");
    return new HandoverService(systemd, [...socketUnits, "app.service"]);
  }

  /** The process of the service. */
  async pid(): Promise<number> {
    return Number(await this.systemd.show("app.service", "MainPID"));
  }

  /** Resolves with the new process when `systemctl reload` has returned. */
  async reload(): Promise<number> {
    await this.systemd.systemctl("reload", "app.service");
    return this.pid();
  }

  /** Resolves when a process has drained and ended. */
  async untilGone(pid: number, timeout = 10_000): Promise<void> {
    const path = this.systemd.hostPath(`/proc/${pid}`);
    await this.systemd.waitUntil(async () => !existsSync(path), `process ${pid} has ended`, timeout);
  }

  /** Opens a connection that the app has not answered yet. */
  async connect(address = "127.0.0.1:80"): Promise<RawClient> {
    const socket = connectInside(this.systemd, address);
    if (socket.connecting) await once(socket, "connect");
    return new RawClient(socket);
  }

  /** Opens a connection, and makes a request. Then the connection is idle. */
  async idle(address = "127.0.0.1:80"): Promise<RawClient> {
    const client = await this.connect(address);
    await ask(client);
    return client;
  }

  /** What the app, not sockact, has printed. */
  async printed(event: string): Promise<Record<string, unknown>[]> {
    const lines = await this.systemd.journal("app.service", "service");
    return lines
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((line) => line["event"] === event);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.systemd.stop(...this.#units).catch(() => {});
    await this.systemd.run(["systemctl", "reset-failed"]);
    await this.systemd.mustRun(["journalctl", "--rotate", "--vacuum-time=1us"]);
  }
}

/** An answer of programs/handover-servers.mjs. */
export interface Answer {
  /** The process that has answered. */
  pid: number;
  /** The `name` of the server. */
  name: string;
  url: string;
  /** What the program says about the connection. */
  facts: {
    remoteAddress?: string;
    remotePort?: number;
    localPort?: number;
    ip?: string;
    requests: number;
    connections: number;
  };
}

const ANSWER = /^HTTP\/1\.1 200 OK\r\n[^]*?\r\n\r\n(\{.*\})$/;

/** The answer in this text, which must be one whole response, and nothing else. */
export function answerOf(text: string): Answer {
  const body = ANSWER.exec(text)?.[1];
  if (body === undefined) throw new Error(`Not a response: ${text}`);
  return JSON.parse(body) as Answer;
}

/** Makes a request over this connection. The whole response must come, and nothing else. */
export async function ask(client: RawClient, path = "/", headers: readonly string[] = []): Promise<Answer> {
  return answerOf(await client.get(path, headers).receives(/\}$/));
}

function quoted(assignment: string): string {
  return `"${assignment.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%")}"`;
}
