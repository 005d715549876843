import { execFile } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { endingWithParent } from "../../packages/testkit/src/end-with-parent.ts";
import { inside } from "../../packages/testkit/src/load.ts";
import type { PrivateSystemd } from "../../packages/testkit/src/private-systemd.ts";

export const PM2_VERSION = "7.0.4";

/** In the repository's cache, because the private systemd sees only this repository and the programs of the host. */
const folder = fileURLToPath(new URL(`../../.cache/pm2/${PM2_VERSION}`, import.meta.url));
const program = `${folder}/node_modules/pm2/bin/pm2`;

/** Installs pm2 from npm, unless it is installed already. */
async function installPm2(): Promise<void> {
  if (existsSync(program)) return;
  mkdirSync(folder, { recursive: true });
  const options = ["--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"];
  const [npm = "", ...args] = endingWithParent(["npm", "install", ...options, `pm2@${PM2_VERSION}`]);
  await promisify(execFile)(npm, args);
}

/** The settings of one app in an ecosystem file of pm2. */
type Pm2App = Record<string, unknown> & { name: string; script: string };

/** pm2 in a private systemd, with its daemon and its files in /tmp there. */
export class Pm2 {
  readonly #systemd: PrivateSystemd;

  private constructor(systemd: PrivateSystemd) {
    this.#systemd = systemd;
  }

  /** Starts pm2's daemon with one app, and resolves once `pm2 start` has ended. */
  static async start(systemd: PrivateSystemd, app: Pm2App): Promise<Pm2> {
    await installPm2();
    const pm2 = new Pm2(systemd);
    await systemd.write("/tmp/ecosystem.json", JSON.stringify({ apps: [app] }));
    await pm2.run("start", "/tmp/ecosystem.json");
    return pm2;
  }

  async run(...args: string[]): Promise<string> {
    const env = { PM2_HOME: "/tmp/pm2", PM2_DISCRETE_MODE: "true" };
    const command = [this.#systemd.node, inside(this.#systemd, program), ...args];
    return this.#systemd.mustRun(command, { env, timeout: 120_000 });
  }
}
