import { existsSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { bootPrivateSystemd, type CommandResult, type PrivateSystemd } from "@sockact/testing";

/** The output of `sockact install --json`. */
interface InstalledJson {
  name: string;
  service: string;
  sockets: string[];
  answers: { outcome: string; url: string; status?: number }[];
}

/** What `sockact install` has said about an app that it could not install. */
interface ErrorJson {
  error: { code: string; message: string; hint: string };
}

/** The app as it was installed. */
export type Installation =
  | { ok: true; name: string; service: string; sockets: string[]; answers: InstalledJson["answers"] }
  | { ok: false; code: string; message: string; hint: string };

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
  sockact(args: readonly string[]): Promise<CommandResult> {
    const { systemd, folder } = this;
    const program = this.path(join(dirname(bin), "bin/sockact.cjs"));
    return systemd.run([systemd.node, program, ...args], {
      cwd: systemd.inside(folder),
      timeout: 120_000,
      env: { SUDO_UID: String(statSync(folder).uid), npm_command: "exec" },
    });
  }

  /** Installs the app as `sockact install` does it. */
  async install(args: readonly string[]): Promise<Installation> {
    const { stdout, stderr } = await this.sockact(["install", ...args, "--yes", "--json"]);
    const printed = parse(stdout);
    if (printed === undefined)
      return { ok: false, code: "SOCKACT_ERR_INTERNAL", message: stderr.trim(), hint: "" };
    if ("error" in printed) return { ok: false, ...printed.error };
    const { name, service, sockets, answers } = printed[0]!;
    return { ok: true, name, service, sockets, answers };
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

function parse(text: string): InstalledJson[] | ErrorJson | undefined {
  try {
    return JSON.parse(text) as InstalledJson[] | ErrorJson;
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
