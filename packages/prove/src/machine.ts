import { constants, existsSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import process from "node:process";
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

  /**
   * Boots it with the project that contains the folder of the app.
   *
   * @throws {ProveError} `SOCKACT_ERR_PROVE_UNAVAILABLE` if it does not boot
   */
  static async boot(folder: string): Promise<Machine> {
    const systemd = await bootPrivateSystemd({ project: projectOf(folder) }).catch((cause: unknown) => {
      // The last line says what to do.
      const [hint = "", ...lines] = (cause as Error).message.split("\n").toReversed();
      const message = lines.toReversed().join("\n") || "no private systemd boots here";
      throw new ProveError("SOCKACT_ERR_PROVE_UNAVAILABLE", message, hint, { cause });
    });
    // The manager of a system without a console logs there otherwise, and the journal lacks what it says.
    await systemd.systemctl("log-target", "journal");
    return new Machine(systemd, folder);
  }

  /** Runs `sockact` in the folder of the app, as root. */
  async sockact(args: readonly string[]): Promise<CommandResult> {
    const { systemd } = this;
    const cwd = systemd.inside(this.folder);
    const program = systemd.inside(join(dirname(bin), "bin/sockact.cjs"));
    return systemd.run([systemd.node, program, ...args], {
      cwd,
      timeout: 120_000,
      env: {
        SUDO_UID: await this.#invoker(cwd),
        npm_command: "exec",
        // In a user namespace, nobody owns the folders of programs. sockact trusts their usual places then,
        // unless another folder is not there, which would be one of root.
        ...(process.getuid?.() !== 0 && { PATH: "/usr/sbin:/usr/bin" }),
      },
    });
  }

  /**
   * The number of the user whose config root uses inside, where it can do all that root of the host can. If
   * this package is in the project, root runs code of the folder's owner already. Otherwise, it is who has
   * called sudo, as for `sockact install`.
   *
   * In a user namespace, an owner has another number than on the host. In a container, the owner of a mounted
   * folder may have no name, and gets one.
   */
  async #invoker(folder: string): Promise<string> {
    const isOwners = process.getuid?.() !== 0 || isIn(bin, this.systemd.projectFolder);
    const trusted = isOwners ? "" : (process.env["SUDO_UID"] ?? "0");
    const name = "owner:x:$user:$user::/:/usr/sbin/nologin";
    const script = `user=$2
      [ -n "$user" ] || user=$(stat --format=%u "$1")
      getent passwd "$user" >/dev/null || echo "${name}" >>/etc/passwd
      echo "$user"`;
    return (await this.systemd.mustRun(["sh", "-ec", script, "sh", folder, trusted])).trim();
  }

  /**
   * Installs the app as `sockact install` does it.
   *
   * @throws {ProveError} `SOCKACT_ERR_PROVE_INSTALL` if it refuses the app
   */
  async install(args: readonly string[]): Promise<Installation> {
    const { stdout, stderr } = await this.sockact(["install", "--yes", "--json", ...args]);
    const printed = parse<[Installation] | ErrorJson>(stdout);
    if (printed === undefined) throw new ProveError("SOCKACT_ERR_PROVE_INSTALL", stderr.trim(), "");
    if (!("error" in printed)) return printed[0];
    const { code, message, hint } = printed.error;
    throw new ProveError(
      "SOCKACT_ERR_PROVE_INSTALL",
      `${this.#outside(message)} (${code})`,
      this.#outside(hint),
    );
  }

  /** What the doctor finds in a service. */
  async diagnose(name: string): Promise<Cause[]> {
    const { stdout } = await this.sockact(["doctor", name, "--json"]);
    const { services = [] } = parse<DoctorJson>(stdout) ?? {};
    return services
      .flatMap(({ findings }) => findings)
      .filter(({ severity }) => severity !== "info")
      .map(({ code, message, fix }) => ({
        code,
        details: { message: this.#outside(message), hint: this.#outside(fix) },
        places: [],
      }));
  }

  /** The string with the paths of the host. */
  #outside(text: string): string {
    return text.replaceAll(this.systemd.project, () => this.systemd.projectFolder);
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

  /** Whether its processes have not been killed, and it was not closed. */
  async isAlive(): Promise<boolean> {
    return this.systemd.run(["true"]).then(
      ({ code }) => code === 0,
      () => false,
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.systemd.close();
  }
}

const isIn = (file: string, folder: string): boolean => !relative(folder, file).startsWith("..");

function parse<Json>(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/**
 * The outermost folder at or above the app that has dependencies, or is a repository: the app may load files
 * from there. Services could not read a folder that is closed to other users, as a home directory often is.
 */
function projectOf(folder: string): string {
  const has = (above: string, ...names: string[]) => names.every((name) => existsSync(join(above, name)));
  let found = folder;
  for (let above = folder; above !== dirname(above); above = dirname(above)) {
    const contains = has(above, "node_modules", "package.json") || has(above, ".git");
    if (contains && (statSync(above).mode & constants.S_IXOTH) !== 0) found = above;
  }
  return found;
}
