import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { bootPrivateSystemd, type CommandResult, type PrivateSystemd } from "@sockact/testing";
import { ProveError } from "./prove-error.ts";
import type { Cause, Report } from "./report.ts";

/** The app as `sockact install --json` has installed it. */
export interface Installation {
  readonly name: string;
  readonly service: string;
  readonly sockets: readonly string[];
  readonly answers: readonly { readonly outcome: string; readonly url: string; readonly status?: number }[];
}

/** What `sockact --json` prints of an error. */
interface ErrorJson {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string };
}

/** What `sockact doctor --json` prints. */
interface DoctorJson {
  readonly services: readonly {
    readonly findings: readonly {
      readonly code: string;
      readonly severity: string;
      readonly message: string;
      readonly fix: string;
    }[];
  }[];
}

const bin = createRequire(import.meta.url).resolve("sockact/package.json");

/** A private systemd with sockact in it. */
export class Machine implements AsyncDisposable {
  readonly systemd: PrivateSystemd;
  readonly folder: string;

  private constructor(systemd: PrivateSystemd, folder: string) {
    this.systemd = systemd;
    this.folder = folder;
  }

  /** Boots it with the project that contains the folder of the app. */
  static async boot(folder: string): Promise<Machine> {
    const systemd = await bootPrivateSystemd({ project: projectOf(folder) });
    // The manager of a system without a console logs there otherwise, and the journal lacks what it says.
    await systemd.systemctl("log-target", "journal");
    return new Machine(systemd, folder);
  }

  /** Runs `sockact` in the folder of the app, as root. */
  async sockact(args: readonly string[]): Promise<CommandResult> {
    const { systemd } = this;
    const cwd = systemd.inside(this.folder);
    const program = this.path(join(dirname(bin), "bin/sockact.cjs"));
    // In a user namespace, the numbers of users are others than on the host.
    const owner = await systemd.mustRun(["stat", "--format=%u", cwd]);
    return systemd.run([systemd.node, program, ...args], {
      cwd,
      timeout: 120_000,
      env: { SUDO_UID: owner.trim(), npm_command: "exec" },
    });
  }

  /**
   * Installs the app as `sockact install` does it.
   *
   * @throws {ProveError} `SOCKACT_ERR_PROVE_INSTALL` if it refuses the app
   */
  async install(args: readonly string[]): Promise<Installation> {
    const { stdout, stderr } = await this.sockact(["install", ...args, "--yes", "--json"]);
    const printed = parse<[Installation] | ErrorJson>(stdout);
    if (printed === undefined) throw new ProveError("SOCKACT_ERR_PROVE_INSTALL", stderr.trim(), "");
    if (!("error" in printed)) return printed[0];
    const { code, message, hint } = printed.error;
    throw new ProveError("SOCKACT_ERR_PROVE_INSTALL", `${message} (${code})`, hint);
  }

  /** What the doctor finds in a service. */
  async diagnose(name: string): Promise<Cause[]> {
    const { stdout } = await this.sockact(["doctor", name, "--json"]);
    const { services = [] } = parse<DoctorJson>(stdout) ?? {};
    return services
      .flatMap(({ findings }) => findings)
      .filter(({ severity }) => severity !== "info")
      .map(({ code, message, fix }) => ({ code, details: { message, hint: fix }, places: [] }));
  }

  async versions(): Promise<Report["versions"]> {
    const { systemd } = this;
    const [sockact, node, printed] = await Promise.all([
      this.sockact(["--version"]).then(({ stdout }) => stdout.trim()),
      systemd.mustRun([systemd.node, "--version"]),
      systemd.systemctl("--version"),
    ]);
    return { sockact, node: node.trim().slice(1), systemd: Number(/\d+/.exec(printed)?.[0]) };
  }

  /** The path inside of a file of the host, for root. */
  path(file: string): string {
    const { systemd } = this;
    return file.startsWith(join(systemd.projectFolder, "/")) ? systemd.inside(file) : file;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.systemd.close();
  }
}

function parse<Json>(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** The outermost folder at or above the app that has dependencies: the root of a workspace. */
function projectOf(folder: string): string {
  let found = folder;
  for (let above = folder; above !== dirname(above); above = dirname(above))
    if (existsSync(join(above, "node_modules")) && existsSync(join(above, "package.json"))) found = above;
  return found;
}
