import { existsSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { App } from "./app.ts";

const program = fileURLToPath(new URL("../programs/witness.cjs", import.meta.url));
const folder = "/run/sockact/witness";
/** How long a process may take until it has answered, in milliseconds. */
const ANSWER = 5000;

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
      `Environment=NODE_OPTIONS=--require=${systemd.inside(program)}`,
      `Environment=SOCKACT_PROVE_WITNESS=${folder}`,
      `BindPaths=${folder}`,
    ]);
    await app.stop();
    return new Witness(app, remove);
  }

  /** What it has seen so far. */
  lines(): Promise<WitnessLine[]> {
    return witnessLines(this.#app);
  }

  /**
   * Makes each process that it watches record what is open in it, or what keeps it awake. Resolves when they
   * have.
   */
  async ask(what: "open" | "awake"): Promise<void> {
    const { systemd } = this.#app;
    const path = systemd.hostPath(folder);
    const pids = (await this.#app.pids()).filter((pid) => existsSync(`${path}/${pid}.jsonl`));
    const asked = String(performance.now());
    for (const pid of pids) writeFileSync(`${path}/${pid}.ask`, `${what} ${asked}`);
    const answered = async (): Promise<number> => {
      const lines = await this.lines();
      return new Set(lines.flatMap((line) => (line["asked"] === asked ? [line.pid] : []))).size;
    };
    // A process may end meanwhile, or its event loop is blocked.
    await systemd
      .waitUntil(async () => (await answered()) === pids.length, "the witness has answered", ANSWER)
      .catch(() => {});
    for (const pid of pids) rmSync(`${path}/${pid}.ask`, { force: true });
  }

  async remove(): Promise<void> {
    await this.#app.stop();
    await this.#remove();
  }
}

/** What the witness has seen of an app that it watches. */
export async function witnessLines({ systemd }: App): Promise<WitnessLine[]> {
  const { project, projectFolder } = systemd;
  const onHost = (file: unknown): unknown =>
    typeof file === "string" && file.startsWith(`${project}/`)
      ? projectFolder + file.slice(project.length)
      : file;
  // Only root of the inside may read the files of each user.
  const { stdout } = await systemd.run(["sh", "-c", `cd ${folder}; grep -H '^{.*}$' -- *.jsonl`]);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => ({
      pid: Number.parseInt(line),
      ...(JSON.parse(line.slice(line.indexOf(":") + 1), (key, value: unknown) =>
        ["file", "path", "target"].includes(key) ? onHost(value) : value,
      ) as { what: string }),
    }));
}
