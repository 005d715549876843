import { existsSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { App } from "./app.ts";
import { readWitnessLine, type WitnessLine } from "./witness-line.ts";

const program = fileURLToPath(new URL("../programs/witness.cjs", import.meta.url));
const folder = "/run/sockact/witness";
/** Only root writes here: the app could put a link to a file of the host into a folder of its own. */
const asks = `${folder}/asks`;
const variables = "/run/sockact/witness.env";
/** How large all that the witness writes may be, in MB. */
const SIZE = 64;
/** How long a process may take until it has answered, in milliseconds. */
const ANSWER = 5000;
/** How long an app that has answered may take to start and to answer with the witness, which slows it down. */
const START = 30_000;

/** A path that the witness answers slowly: the head at once, and the rest after this time in milliseconds. */
export const slowPath = (milliseconds: number): string =>
  `/.well-known/sockact-prove/slow?ms=${milliseconds}`;

/** Lets the witness watch the app from its next start on. */
export class Witness {
  readonly #app: App;
  readonly #remove: () => Promise<void>;

  /** Whether it sees the app. It can't see another program than Node, or one that may not read its file. */
  readonly isWatching: boolean;

  private constructor(app: App, remove: () => Promise<void>, isWatching: boolean) {
    this.#app = app;
    this.#remove = remove;
    this.isWatching = isWatching;
  }

  /** @param parts what it watches; everything by default. */
  static async attach(app: App, parts: readonly "heap"[] = []): Promise<Witness> {
    const { systemd } = app;
    // The app may fill it, which must not fill /run.
    const mount = `mount -t tmpfs -o mode=1777,size=${SIZE}M witness ${folder}`;
    await systemd.mustRun([
      "sh",
      "-ec",
      `mkdir -p ${folder}; umount --lazy ${folder} 2>&1 || true; ${mount}; mkdir ${asks}`,
    ]);
    const isAnswering = await answers(app);
    const options = `--require=${JSON.stringify(systemd.inside(program))} ${await nodeOptionsOf(app)}`;
    // It has the last word: a file of the app may set the variable, too.
    await systemd.write(
      variables,
      `NODE_OPTIONS="${options.trim().replaceAll(/["\\`$]/g, "\\$&")}"
SOCKACT_PROVE_WITNESS=${folder}
SOCKACT_PROVE_PARTS=${parts.join(",")}
`,
    );
    const remove = await app.dropIn("witness", [`EnvironmentFile=${variables}`, `BindPaths=${folder}`]);
    await app.stop();
    if (isAnswering) {
      const isWatching = (await answers(app, START)) && (await witnessLines(app)).length > 0;
      return new Witness(app, remove, isWatching);
    }
    return new Witness(app, remove, true);
  }

  /** What it has seen so far. */
  lines(): Promise<WitnessLine[]> {
    return witnessLines(this.#app);
  }

  /**
   * Makes each process that it watches record what is open in it, or what keeps it awake. Resolves when they
   * have, to their answers.
   */
  async ask(what: "open" | "awake" | "heap"): Promise<WitnessLine[]> {
    const { systemd } = this.#app;
    const [written, asking] = [systemd.hostPath(folder), systemd.hostPath(asks)];
    const pids = (await this.#app.pids()).filter((pid) => existsSync(`${written}/${pid}.jsonl`));
    const asked = String(performance.now());
    for (const pid of pids) writeFileSync(`${asking}/${pid}`, `${what} ${asked}`);
    const answered = async (): Promise<WitnessLine[]> =>
      (await this.lines()).filter((line) => line["asked"] === asked);
    const haveAnswered = async (): Promise<boolean> =>
      new Set((await answered()).map(({ pid }) => pid)).size === pids.length;
    // A process may end meanwhile, or its event loop is blocked.
    await systemd.waitUntil(haveAnswered, "the witness has answered", ANSWER).catch(() => {});
    for (const pid of pids) rmSync(`${asking}/${pid}`, { force: true });
    return answered();
  }

  async remove(): Promise<void> {
    await this.#app.stop();
    await this.#remove();
  }
}

/** Whether it answers as expected, and now runs. */
const answers = (app: App, time = ANSWER): Promise<boolean> =>
  app.request(undefined, time).then(
    (answer) => app.isExpected(answer),
    () => false,
  );

/** The options of Node that the app has in its environment. */
async function nodeOptionsOf(app: App): Promise<string> {
  const { stdout } = await app.systemd.run(["cat", `/proc/${await app.show("MainPID")}/environ`]);
  const name = "NODE_OPTIONS=";
  return (
    stdout
      .split("\0")
      .find((variable) => variable.startsWith(name))
      ?.slice(name.length) ?? ""
  );
}

/** What the witness has seen of an app that it watches. */
export async function witnessLines({ systemd }: App): Promise<WitnessLine[]> {
  const { project, projectFolder } = systemd;
  const onHost = (file: unknown): unknown =>
    typeof file === "string" && file.startsWith(`${project}/`)
      ? projectFolder + file.slice(project.length)
      : file;
  const revive = (key: string, value: unknown): unknown =>
    ["file", "path", "target"].includes(key) ? onHost(value) : value;
  const parse = (line: string): WitnessLine[] => {
    const text = line.slice(line.indexOf(":") + 1);
    const read = readWitnessLine(text, Number.parseInt(line), revive);
    return read === undefined ? [] : [read];
  };
  // Only root of the inside may read the files of each user. A pipe or a link is none of the witness.
  const find = "find -maxdepth 1 -type f -name '*.jsonl' -printf '%P\\0'";
  const script = `cd ${folder}; ${find} | xargs -0r grep -H '^{.*}$' -- | head --bytes=${SIZE}M`;
  const { stdout } = await systemd.run(["sh", "-c", script]);
  return stdout.split("\n").flatMap(parse);
}
