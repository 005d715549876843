import type { PrivateSystemd } from "../../packages/testing/src/private-systemd.ts";
import { fileOf, installPeers, versionsOf } from "./peers.ts";

export const PM2_VERSION = versionsOf("pm2")["pm2"];

const program = fileOf("pm2", "node_modules/pm2/bin/pm2");

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
    await installPeers("pm2");
    const pm2 = new Pm2(systemd);
    await systemd.write("/tmp/ecosystem.json", JSON.stringify({ apps: [app] }));
    await pm2.run("start", "/tmp/ecosystem.json");
    return pm2;
  }

  async run(...args: string[]): Promise<string> {
    const env = { PM2_HOME: "/tmp/pm2", PM2_DISCRETE_MODE: "true" };
    const command = [this.#systemd.node, this.#systemd.inside(program), ...args];
    return this.#systemd.mustRun(command, { env, timeout: 120_000 });
  }
}
