import { fileURLToPath } from "node:url";
import type { App } from "./app.ts";

const program = fileURLToPath(new URL("../programs/witness.cjs", import.meta.url));
const folder = "/run/sockact/witness";

/** What the app has done, as the witness in its process has seen it. */
export interface WitnessLine {
  readonly what: string;
  readonly pid: number;
  readonly [detail: string]: unknown;
}

/** A path that the witness answers slowly: the head at once, and the rest after this time in milliseconds. */
export const slowPath = (milliseconds: number): string =>
  `/.well-known/sockact-prove/slow?ms=${milliseconds}`;

/** Lets the witness watch the app from its next start on. */
export class Witness {
  readonly #app: App;
  readonly #remove: () => Promise<void>;

  private constructor(app: App, remove: () => Promise<void>) {
    this.#app = app;
    this.#remove = remove;
  }

  static async attach(app: App): Promise<Witness> {
    const { systemd } = app;
    await systemd.mustRun(["sh", "-ec", `rm -rf ${folder}; mkdir -m 1777 ${folder}`]);
    const remove = await app.dropIn("witness", [
      `Environment=NODE_OPTIONS=--require=${app.machine.path(program)}`,
      `Environment=SOCKACT_PROVE_WITNESS=${folder}`,
      `BindPaths=${folder}`,
    ]);
    await app.stop();
    return new Witness(app, remove);
  }

  /** What it has seen so far. */
  async lines(): Promise<WitnessLine[]> {
    // Only root of the inside may read the files of each user.
    const command = ["sh", "-c", `cd ${folder}; grep -H '^{.*}$' -- *`];
    const { stdout } = await this.#app.systemd.run(command);
    return stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => {
        const json = line.slice(line.indexOf(":") + 1);
        return { pid: Number.parseInt(line), ...(JSON.parse(json) as { what: string }) };
      });
  }

  async remove(): Promise<void> {
    await this.#app.stop();
    await this.#remove();
  }
}
