import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type CommandResult, connectInside, type PrivateSystemd } from "@sockact/testkit";
// By its path, because @sockact/units has the testkit as a dependency.
import { emitUnits, type SocketDescription } from "../../units/src/index.ts";
import { RawClient } from "./lifecycle-app.ts";

/** A server that programs/handover-servers.mjs creates. */
export interface HandoverServer {
  kind?: "http" | "https" | "http2" | "h2c" | "net" | "tls" | "express" | "udp" | "taken";
  /** The options of createServer(). */
  serverOptions?: Record<string, unknown>;
  /** Set on the server, such as `keepAliveTimeout`, which is very long without them. */
  properties?: Record<string, unknown>;
  /** Set on the server in a process that another process has started. */
  laterProperties?: Record<string, unknown>;
  /** The options of listen(). */
  options?: Record<string, unknown>;
  webSockets?: boolean;
  /** Answer `Upgrade:` with another protocol. */
  upgrades?: boolean;
}

/** A service whose reload hands over to a new process. */
export interface HandoverUnits {
  /** The name of the service. */
  name?: string;
  /** The sockets, by their names. */
  sockets?: Record<string, Omit<SocketDescription, "name">>;
  servers?: readonly HandoverServer[];
  /** A program of the folder programs. */
  program?: string;
  /** The whole of ExecStart=, instead of `program`. */
  exec?: string;
  /** More lines of the section [Service]. */
  lines?: string;
  env?: Record<string, string>;
}

/** How long a reload and a drain may take, in milliseconds. It only ends a test that hangs. */
const DEADLINE = 55_000;

/** The path of a file of this package inside every private systemd. */
export function insidePath(systemd: PrivateSystemd, file: string): string {
  const path = fileURLToPath(new URL(file, import.meta.url));
  return systemd.project + path.slice(path.lastIndexOf("/packages/"));
}

/**
 * A service that runs in the tightest sandbox, and hands over at a reload, with the units that
 * `handover: true` writes.
 */
export class HandoverService implements AsyncDisposable {
  readonly systemd: PrivateSystemd;
  readonly unit: string;
  readonly #units: readonly string[];

  private constructor(systemd: PrivateSystemd, unit: string, units: readonly string[]) {
    this.systemd = systemd;
    this.unit = unit;
    this.#units = units;
  }

  /** Resolves when the service is ready. */
  static async start(systemd: PrivateSystemd, units: HandoverUnits = {}): Promise<HandoverService> {
    const [service] = await HandoverService.startAll(systemd, [units]);
    return service as HandoverService;
  }

  /** Resolves when all services are ready. Each one has a name of its own, and ports of its own. */
  static async startAll(
    systemd: PrivateSystemd,
    services: readonly HandoverUnits[],
  ): Promise<HandoverService[]> {
    const written = services.map((units) => unitsOf(systemd, units));
    for (const { service, dropIn } of written)
      await systemd.write(`/run/systemd/system/${service}.d/test.conf`, dropIn);
    await systemd.installUnits(Object.assign({}, ...written.map(({ units }) => units)));
    await systemd.start(...written.flatMap(({ names }) => names));
    return written.map(({ service, names }) => new HandoverService(systemd, service, names));
  }

  /** The process of the service. */
  async pid(): Promise<number> {
    return Number(await this.systemd.show(this.unit, "MainPID"));
  }

  /** Resolves with the new process when `systemctl reload` has returned. */
  async reload(): Promise<number> {
    const { code, stderr } = await this.tryReload();
    if (code !== 0)
      throw new Error([stderr, ...(await this.systemd.journal(this.unit)).slice(-30)].join("\n"));
    return this.pid();
  }

  /** Resolves with the result of `systemctl reload`. */
  tryReload(): Promise<CommandResult> {
    return this.systemd.run(["systemctl", "reload", this.unit], { timeout: DEADLINE });
  }

  /** Resolves when a process has drained and ended. */
  async untilGone(pid: number, timeout = DEADLINE): Promise<void> {
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
    const lines = await this.systemd.journal(this.unit, "service");
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

/** What the only process of a service has. */
export interface Facts {
  processes: number;
  /** The kinds of its descriptors, such as `socket` and `/dev/null`. */
  descriptors: string[];
  variables: string[];
  commandLine: string;
  /** In kB. */
  memory: number;
}

/** Looks at the process of a service that has one. */
export async function factsOf({ systemd, unit }: HandoverService): Promise<Facts> {
  const group = await systemd.show(unit, "ControlGroup");
  const linesOf = (path: string, separator = "\n"): string[] =>
    readFileSync(systemd.hostPath(path), "utf8").split(separator).filter(Boolean);
  const proc = `/proc/${await systemd.show(unit, "MainPID")}`;
  const folder = systemd.hostPath(`${proc}/fd`);
  const descriptors = readdirSync(folder).map((fd) => readlinkSync(`${folder}/${fd}`));
  const [, memory] = /^VmRSS:\s+(\d+) kB$/m.exec(linesOf(`${proc}/status`).join("\n")) ?? [];
  return {
    processes: linesOf(`/sys/fs/cgroup${group}/cgroup.procs`).length,
    descriptors: descriptors.map((target) => target.replace(/:\[\d+\]$/, "")).toSorted(),
    variables: linesOf(`${proc}/environ`, "\0")
      .map((variable) => variable.replace(/=.*/s, ""))
      .toSorted(),
    commandLine: linesOf(`${proc}/cmdline`, "\0").join(" "),
    memory: Number(memory),
  };
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

/** The response in a string, which must hold one whole response, and nothing else. */
export function answerOf(text: string): Answer {
  const body = ANSWER.exec(text)?.[1];
  if (body === undefined) throw new Error(`Not a response: ${text}`);
  return JSON.parse(body) as Answer;
}

/** Makes a request over this connection. The whole response must come, and nothing else. */
export async function ask(client: RawClient, path = "/", headers: readonly string[] = []): Promise<Answer> {
  return answerOf(await client.get(path, headers).receives(/\}$/));
}

interface WrittenUnits {
  service: string;
  /** The sockets, and the service. */
  names: string[];
  units: Record<string, string>;
  dropIn: string;
}

function unitsOf(
  systemd: PrivateSystemd,
  {
    name = "app",
    sockets = { http: { listen: "127.0.0.1:80" } },
    servers = [{}],
    program = "handover-servers.mjs",
    exec = `${systemd.node} ${insidePath(systemd, `programs/${program}`)}`,
    lines = "",
    env = {},
  }: HandoverUnits,
): WrittenUnits {
  const service = `${name}.service`;
  const units = emitUnits({
    name,
    // The drop-in has the actual command.
    exec: [systemd.node, insidePath(systemd, "programs/handover-servers.mjs")],
    sockets: Object.entries(sockets).map(([socket, description]) => ({ ...description, name: socket })),
    hardening: "inbound",
    handover: true,
  });
  // The longest wait of a scenario that another one delays.
  const environment = { SOCKACT_DRAIN_TIMEOUT: "50s", APP: JSON.stringify(servers), ...env };
  const assignments = Object.entries(environment).map(
    ([variable, value]) => `Environment=${quoted(`${variable}=${value}`)}`,
  );
  const dropIn = ["[Service]", "ExecStart=", `ExecStart=${exec}`, ...assignments, lines, ""].join("\n");
  return {
    service,
    names: Object.keys(units).toSorted((one) => (one === service ? 1 : -1)),
    units,
    dropIn,
  };
}

function quoted(assignment: string): string {
  return `"${assignment.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%")}"`;
}
