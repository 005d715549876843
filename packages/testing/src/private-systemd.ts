import type { ChildProcess, SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, posix, relative } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { DEADLINE } from "./app-process.ts";
import { isRoot, NAMESPACES } from "./own-namespaces.ts";
import { spawnInside } from "./spawn-inside.ts";
import {
  AgentInside,
  type CommandOptions,
  type CommandResult,
  environmentInside,
  type PrivateRequest,
  type PrivateResponse,
} from "./agent-inside.ts";

const agentScript = new URL("../programs/agent-inside-program.mjs", import.meta.url);
const unitFolder = "/run/systemd/system";
const journalctl = "journalctl --output=json --output-fields=MESSAGE,_PID --all --no-pager --quiet";

/** All that are not closed yet. */
export const openSystemds: Set<PrivateSystemd> = new Set();

/** A private systemd, from `bootPrivateSystemd()`. */
export class PrivateSystemd implements AsyncDisposable {
  /**
   * The project's folder, read-only. Every service sees it here, also with DynamicUser=, PrivateTmp= and
   * ProtectHome=.
   */
  readonly project = "/run/sockact/project";
  /** The Node binary. Every service sees it here. */
  readonly node = "/run/sockact/node";
  /** The process id of this systemd on the host. */
  readonly pid: number;
  /** The path of the project's folder on the host. */
  readonly projectFolder: string;
  /** The folder of the host with the packages that the project does not contain. */
  readonly #packagesFolder: string | undefined;
  readonly #supervisor: ChildProcess;
  readonly #agent: AgentInside;
  readonly #children = new Set<ChildProcess>();
  /** The units without a problem in systemd-analyze verify. */
  readonly #verified = new Set<string>();
  #closed: Promise<void> | undefined;

  /** @internal */
  constructor(pid: number, supervisor: ChildProcess, projectFolder: string, packagesFolder?: string) {
    this.pid = pid;
    this.projectFolder = projectFolder;
    this.#packagesFolder = packagesFolder;
    this.#supervisor = supervisor;
    openSystemds.add(this);
    this.#agent = new AgentInside(() =>
      this.spawn([this.node, "--input-type=module", "--eval", readFileSync(agentScript, "utf8")], {
        env: { KOFFI: this.inside(createRequire(import.meta.url).resolve("koffi")) },
      }),
    );
  }

  /**
   * Starts a command inside, with pipes to it. `kill()` signals the command. It ends with this systemd at the
   * latest.
   */
  spawn(
    command: readonly string[],
    options: Pick<CommandOptions, "env" | "cwd"> & Pick<SpawnOptions, "stdio"> = {},
  ): ChildProcess {
    if (this.#closed) throw new Error("This private systemd has been closed.");
    const namespaces = [...(isRoot() ? [] : ["--user"]), ...NAMESPACES];
    const child = spawnInside(this.pid, namespaces, command, {
      ...options,
      env: environmentInside(options.env),
    });
    this.#children.add(child);
    child.on("close", () => this.#children.delete(child));
    return child;
  }

  /** Runs a command inside and collects its output, whatever its exit status. */
  async run(command: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    if (this.#closed) throw new Error("This private systemd has been closed.");
    const { timeout = DEADLINE } = options;
    // kill(1) is in procps, which a minimal Debian does not install. Every shell has its own.
    const words = command[0] === "kill" ? ["sh", "-c", '"$@"', "sh", ...command] : command;
    const { isLate, ...result } = await this.#agent.run(words, { ...options, timeout });
    if (isLate) throw new Error(`${describe(command, result)}\nIt ran for longer than ${timeout} ms.`);
    return result;
  }

  /** As {@link run}, but rejects with the output if the command fails. Resolves to standard output. */
  async mustRun(command: readonly string[], options: CommandOptions = {}): Promise<string> {
    const result = await this.run(command, options);
    if (result.code !== 0) throw new Error(`${describe(command, result)}\nIt exited with ${result.code}.`);
    return result.stdout;
  }

  /**
   * The path on the host for a path of the inside, for `node:fs` in this process. Do not give it to a program
   * that resolves its folder, as npm does: it would write to the same path of the host. Run such programs
   * inside, with {@link run}.
   */
  hostPath(path: string): string {
    return `/proc/${this.pid}/root${path}`;
  }

  /**
   * The path inside for a file of the project, or of a package that is installed beside this one. If the
   * project does not contain these packages, they are mounted too, and every service sees them.
   *
   * @throws if the file is in neither.
   */
  inside(file: string | URL): string {
    const path = file instanceof URL ? fileURLToPath(file) : file;
    const folders = { [this.project]: this.projectFolder, ...this.#packages() };
    for (const [mounted, folder] of Object.entries(folders)) {
      const below = relative(folder, path);
      if (below !== ".." && !below.startsWith("../")) return posix.join(mounted, below);
    }
    throw new Error(`${path} is not in the project's folder, ${this.projectFolder}.`);
  }

  /** The packages that the project does not contain, by their path inside. */
  #packages(): Record<string, string> {
    const folder = this.#packagesFolder;
    return folder === undefined ? {} : { [`/run/sockact/packages/${basename(folder)}`]: folder };
  }

  /** Writes a file that anyone may read, and creates the folders above it. */
  async write(path: string, content: string, mode = 0o644): Promise<void> {
    const target = this.hostPath(path);
    await mkdir(posix.dirname(target), { recursive: true, mode: 0o755 });
    await writeFile(target, content, { mode });
  }

  /**
   * Writes unit files to /run/systemd/system and reloads the manager.
   *
   * @throws if `systemd-analyze verify` reports a problem with the files. systemd itself ignores lines that
   *   it can't parse. `verify: false` accepts such files.
   */
  async installUnits(
    files: Record<string, string>,
    { verify = true }: { readonly verify?: boolean } = {},
  ): Promise<void> {
    for (const [name, text] of Object.entries(files)) await this.write(`${unitFolder}/${name}`, text);
    const units = JSON.stringify(files);
    if (verify && !this.#verified.has(units)) {
      const names = Object.keys(files);
      const { stderr } = await this.run([
        "systemd-analyze",
        "verify",
        ...names.map((name) => `${unitFolder}/${name}`),
      ]);
      // The report also contains the host's own units, if ours depend on them. It names an instance for a
      // template.
      const ours = names.map((name) => name.replace(/@\..*/, "@"));
      const complaints = stderr.split("\n").filter((line) => ours.some((name) => line.includes(name)));
      if (complaints.length > 0) throw new Error(`systemd complains of its units:\n${complaints.join("\n")}`);
      this.#verified.add(units);
    }
    await this.systemctl("daemon-reload");
  }

  /**
   * Runs systemctl and resolves to its output. The error of a failed start contains the journal of the units.
   */
  async systemctl(...args: readonly string[]): Promise<string> {
    const result = await this.run(["systemctl", "--no-pager", ...args]);
    if (result.code === 0) return result.stdout;
    const units = args.slice(1).filter((arg) => /\.\w+$/.test(arg));
    const journals = await Promise.all(
      units.map(async (unit) => [`${unit}:`, ...(await this.journal(unit)).slice(-30)]),
    );
    throw new Error([describe(["systemctl", ...args], result), ...journals.flat()].join("\n"));
  }

  /** Starts units. Resolves once they are active, which for Type=notify means ready. */
  async start(...units: readonly string[]): Promise<void> {
    await this.systemctl("start", ...units);
  }

  /** Stops units, and waits for that. */
  async stop(...units: readonly string[]): Promise<void> {
    await this.systemctl("stop", ...units);
  }

  /** Restarts units, and waits for that. */
  async restart(...units: readonly string[]): Promise<void> {
    await this.systemctl("restart", ...units);
  }

  /** One property of a unit, as `systemctl show` prints it, such as `ActiveState` or `MainPID`. */
  async show(unit: string, property: string): Promise<string> {
    return (await this.systemctl("show", "--property", property, "--value", "--", unit)).trimEnd();
  }

  /**
   * Resolves once a property of a unit has one of these values. After the deadline, the error contains the
   * journal.
   */
  async waitForUnit(
    unit: string,
    property: string,
    values: string | readonly string[],
    timeout: number = DEADLINE,
  ): Promise<void> {
    let value = "";
    await this.#until(
      async () => [values].flat().includes((value = await this.show(unit, property))),
      timeout,
      async () => {
        const journal = (await this.journal(unit)).slice(-30).join("\n");
        return `${unit} did not come to ${property}=${[values].flat().join(" or ")}: it is ${value}\n${journal}`;
      },
    );
  }

  /**
   * The messages of a unit in the journal, the oldest first.
   *
   * @param from `service`: only messages of its processes; `manager`: only messages of systemd about it. Both
   *   by default.
   */
  async journal(unit: string, from?: "service" | "manager"): Promise<readonly string[]> {
    // journald reads the output of services with a delay. This waits until it has read all of it.
    const script = `journalctl --sync; exec ${journalctl} --unit="$1"`;
    const lines = await this.mustRun(["sh", "-ec", script, "sh", unit]);
    return lines
      .split("\n")
      .filter((line) => line !== "")
      .map(readEntry)
      .filter(({ pid }) => from === undefined || (from === "manager") === (pid === "1"))
      .map(({ message }) => message);
  }

  /** Resolves to the first message of a unit that matches. Rejects early if the unit has failed for good. */
  async waitForJournal(unit: string, pattern: RegExp, timeout: number = DEADLINE): Promise<string> {
    if (/[*?[]/.test(unit)) return this.#pollJournal(unit, pattern, timeout);
    const messages: string[] = [];
    const journal = this.spawn([...journalctl.split(" "), "--follow", "--lines=all", `--unit=${unit}`]);
    const closed = once(journal, "close");
    const timer = setTimeout(() => journal.kill("SIGKILL"), timeout);
    const over = new AbortController();
    let state = "";
    const onFailed = () => {
      state = `, and ${unit} has failed`;
      journal.kill("SIGKILL");
    };
    this.#untilFailed(unit, over.signal).then(onFailed, () => {});
    try {
      for await (const line of createInterface({ input: journal.stdout! })) {
        const { message } = readEntry(line);
        if (pattern.test(message)) return message;
        messages.push(message);
      }
    } finally {
      clearTimeout(timer);
      over.abort();
      journal.kill("SIGKILL");
      await closed;
    }
    const found = messages.slice(-30).join("\n");
    throw new Error(`The journal of ${unit} has nothing like ${pattern}${state}:\n${found}`);
  }

  /**
   * For a pattern of units. journalctl(1) looks only for the units that are in the journal when it starts, and
   * fails if there is none.
   */
  async #pollJournal(units: string, pattern: RegExp, timeout: number): Promise<string> {
    let found: string | undefined;
    await this.#until(
      async () => {
        const messages = await this.journal(units).catch(() => []);
        found = messages.find((message) => pattern.test(message));
        return found !== undefined;
      },
      timeout,
      async () => {
        const messages = (await this.journal(units)).slice(-30).join("\n");
        return `The journal of ${units} has nothing like ${pattern}:\n${messages}`;
      },
    );
    return found!;
  }

  /** Resolves once a unit has failed and has not been restarted for a second. */
  async #untilFailed(unit: string, signal: AbortSignal): Promise<void> {
    const properties = "--property=ActiveState,StateChangeTimestampMonotonic";
    for (let now = "", last = ""; !now.includes("ActiveState=failed") || now !== last;) {
      await delay(1_000, undefined, { signal });
      last = now;
      now = await this.systemctl("show", properties, "--", unit);
    }
  }

  /** Resolves once a condition is met, for conditions that no unit property and no message shows. */
  async waitUntil(reached: () => Promise<boolean>, what: string, timeout: number = DEADLINE): Promise<void> {
    await this.#until(reached, timeout, () => `It took longer than ${timeout} ms until ${what}`);
  }

  /**
   * Makes an HTTP request inside, over a new connection. Without a response, it rejects with the `code` of
   * the system error.
   */
  request(request: string | PrivateRequest): Promise<PrivateResponse> {
    return this.#agent.request(typeof request === "string" ? { url: request } : request);
  }

  /** Ends everything inside, and resolves once everything is removed. */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  /** The same as `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Throws with a hint if a service without root can't read the project, Node or the packages. */
  async checkThatServicesCanRead(): Promise<void> {
    const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    const script = `test -x ${this.node} && for folder; do
      cd "$folder" || exit
      for entry in . *; do test -r "$entry" || exit; done
    done`;
    const mounted = [this.project, ...Object.keys(this.#packages())];
    const { code } = await this.run([...nobody, "sh", "-c", script, "sh", ...mounted]);
    if (code === 0) return;
    const folders = [this.projectFolder, ...Object.values(this.#packages())].join(" ");
    throw new Error(
      "Services that don't run as root can't read the project or Node, which are closed to other users.\n" +
        `Run \`chmod -R o+rX ${folders}\`, and \`chmod o+rx\` on the Node binary.`,
    );
  }

  async #end(): Promise<void> {
    openSystemds.delete(this);
    await Promise.all([...this.#children].map(killAndWait));
    if (this.#supervisor.exitCode !== null || this.#supervisor.signalCode !== null) return;
    const ended = once(this.#supervisor, "close");
    this.#supervisor.stdin?.end();
    await ended;
  }

  async #until(
    reached: () => Promise<boolean>,
    timeout: number,
    explain: () => string | Promise<string>,
  ): Promise<void> {
    const deadline = performance.now() + timeout;
    // Most checks start a program, and take 15 ms of processor time. In a long wait they become rarer, and
    // leave that time to the tested program.
    for (let pause = 20; !(await reached()); pause = Math.min(1.5 * pause, 200)) {
      if (performance.now() > deadline) throw new Error(await explain());
      await delay(pause);
    }
  }
}

/** An entry of the journal. A message that is not valid UTF-8 is a list of bytes. */
function readEntry(line: string): { message: string; pid: string | undefined } {
  const { MESSAGE = "", _PID: pid } = JSON.parse(line) as { MESSAGE?: string | number[]; _PID?: string };
  return { message: typeof MESSAGE === "string" ? MESSAGE : Buffer.from(MESSAGE).toString(), pid };
}

async function killAndWait(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  // Not `close`: what it has started may have its pipes open, and ends only with the namespaces.
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

function describe(command: readonly string[], { stdout, stderr }: CommandResult): string {
  return [`$ ${command.join(" ")}`, stdout.trimEnd(), stderr.trimEnd()]
    .filter((part) => part !== "")
    .join("\n");
}
