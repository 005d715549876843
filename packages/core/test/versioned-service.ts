import { once } from "node:events";
import { fileURLToPath } from "node:url";
import {
  type AppProcess,
  bootPrivateSystemd,
  type CommandResult,
  connectInside,
  type PrivateSystemd,
  watchProcess,
} from "@sockact/testkit";
// By its path, because @sockact/units has the testkit as a dependency.
import { emitUnits } from "../../units/src/index.ts";
import { RawClient } from "./lifecycle-app.ts";

/** The file that the service runs. A test deploys a version by writing it. */
const APP = "/run/app/app.mjs";

/** A version of the app that does nothing wrong. */
export function good(version: string, options = ""): string {
  return `await serve(${JSON.stringify(version)}, { ${options} });`;
}

/** What all clients have seen. */
export interface ClientsResult {
  sent: number;
  answered: number;
  /** How many requests failed, by reason. `hung`: without an answer for 15 s. */
  failed: Record<string, number>;
  connections: number;
  /** How many answers each version has given. */
  versions: Record<string, number>;
}

/**
 * A service that hands over at a reload, in the full sandbox, with the sockets `http` (port 80) and `admin`
 * (port 81).
 */
export class VersionedService implements AsyncDisposable {
  readonly systemd: PrivateSystemd;
  #seen = 0;

  private constructor(systemd: PrivateSystemd) {
    this.systemd = systemd;
  }

  static async boot(): Promise<VersionedService> {
    return new VersionedService(await bootPrivateSystemd());
  }

  /**
   * Stops the service, and writes its units.
   *
   * @param more lines of [Service]
   */
  async install(more = ""): Promise<void> {
    const { systemd } = this;
    const script =
      "systemctl stop 'app*'; systemctl reset-failed; rm -rf /run/app-reload /run/private/app-reload /run/hold";
    await systemd.mustRun(["sh", "-ec", script], { timeout: 60_000 });
    const units = emitUnits({
      name: "app",
      exec: [systemd.node, APP],
      sockets: [
        { listen: "127.0.0.1:80", name: "http" },
        { listen: "127.0.0.1:81", name: "admin" },
      ],
      hardening: "inbound",
      handover: true,
      drainTimeout: "5s",
    });
    const path = "/run/systemd/system/app.service.d/test.conf";
    await systemd.write(path, `[Service]\nRuntimeDirectoryPreserve=yes\nRestartSec=100ms\n${more}\n`);
    await systemd.installUnits(units);
    await systemd.start(...Object.keys(units).filter((name) => name.endsWith(".socket")));
  }

  /** Writes the file of the app. The next process runs this version. */
  async deploy(source: string): Promise<void> {
    const program = fileURLToPath(new URL("programs/handover-version.mjs", import.meta.url));
    const path = this.systemd.project + program.slice(program.indexOf("/packages/"));
    await this.systemd.write(APP, `import { serve } from "${path}";\n${source}\n`);
  }

  /** Removes the file of the app. */
  async remove(): Promise<void> {
    await this.systemd.mustRun(["rm", APP]);
  }

  async start(): Promise<void> {
    await this.systemd.start("app.service");
  }

  /** Runs `systemctl reload`, and waits for its end. */
  async reload(timeout = 60_000): Promise<CommandResult> {
    return this.systemd.run(["systemctl", "reload", "app.service"], { timeout });
  }

  async pid(): Promise<number> {
    return Number(await this.systemd.show("app.service", "MainPID"));
  }

  async status(): Promise<string> {
    return this.systemd.show("app.service", "StatusText");
  }

  /** The processes in the cgroup of the service. */
  async processes(): Promise<number[]> {
    const { stdout } = await this.systemd.run([
      "cat",
      "/sys/fs/cgroup/system.slice/app.service/cgroup.procs",
    ]);
    return stdout.split("\n").filter(Boolean).map(Number);
  }

  /** Waits until only the main process is left, and returns it. */
  async untilOneProcess(timeout = 60_000): Promise<number> {
    let pid = 0;
    await this.systemd.waitUntil(
      async () => {
        const processes = await this.processes();
        pid = processes[0] ?? 0;
        return processes.length === 1 && pid === (await this.pid());
      },
      "only the main process is left",
      timeout,
    );
    return pid;
  }

  /** Opens a connection, over which the test sends its own bytes. */
  async connect(): Promise<RawClient> {
    const socket = connectInside(this.systemd, "127.0.0.1:80");
    if (socket.connecting) await once(socket, "connect");
    return new RawClient(socket);
  }

  /** The version that answers a new connection. */
  async version(port = 80): Promise<string> {
    const { body } = await this.systemd.request(`http://127.0.0.1:${port}/`);
    return body.split(" ").at(-1) ?? "";
  }

  /** The lines of the journal since the last call. */
  async newLines(): Promise<string[]> {
    const lines = await this.systemd.journal("app.service");
    const before = this.#seen;
    this.#seen = lines.length;
    return lines.slice(before);
  }

  /** Starts a small load. Resolves when each client has had an answer. */
  async clients(count = 8): Promise<Clients> {
    const clients = this.startClients(count);
    await clients.untilAnswered();
    return clients;
  }

  /**
   * Starts a small load.
   *
   * @param first the path of the first request of each client
   */
  startClients(count: number, first = "/"): Clients {
    const program = fileURLToPath(new URL("programs/numbered-clients.mjs", import.meta.url));
    const path = this.systemd.project + program.slice(program.indexOf("/packages/"));
    return new Clients(
      watchProcess(this.systemd.spawn([this.systemd.node, path, "80", String(count), first])),
    );
  }

  /** The numbers of the requests that were served more than once. */
  async servedTwice(): Promise<string[]> {
    const numbers = (await this.systemd.mustRun(["cat", "/run/app-reload/served"]))
      .split("\n")
      .filter(Boolean);
    return numbers.filter((number, index) => numbers.indexOf(number) !== index);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.systemd.close();
  }
}

/** Clients with one connection each. */
export class Clients implements AsyncDisposable {
  readonly #process: AppProcess;

  constructor(child: AppProcess) {
    this.#process = child;
  }

  /** Resolves when each client has had its first answer. */
  async untilAnswered(): Promise<void> {
    await this.#process.event("running");
  }

  /** Resolves when each client has had one more answer, or failure. */
  async round(): Promise<void> {
    this.#process.write("round");
    await this.#process.event("round");
  }

  async result(): Promise<ClientsResult> {
    this.#process.endInput();
    return this.#process.event<ClientsResult & Record<string, unknown>>("result");
  }

  /**
   * Ends the load. Resolves with what must be `{ failed: {}, connections: … }`, with one connection for each
   * client.
   */
  async failures(): Promise<Pick<ClientsResult, "failed" | "connections">> {
    const { failed, connections } = await this.result();
    return { failed, connections };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}
