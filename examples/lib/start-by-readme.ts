import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { type PackedPackages, PrivatePorts, typeCommands, type TypedCommands } from "@sockact/testkit";
import { commandsBelow, sectionsOf } from "./readme.ts";
import type { RunningExample } from "./running-example.ts";
import { type } from "./type.ts";
import { copyExample, gatherPackages, writePrograms } from "./workplace.ts";

/** Matches a command that runs until Ctrl-C, if it is the last command in a block. */
const runsOn = /^(?:\w+=\S* )*(?:npm start|npm run dev|npx sockact run|systemd-socket-activate)\b[^\n]*$/m;

export interface StartOptions {
  /** Shell commands that run first, with the same files and ports. */
  prepare?: string | undefined;
  /** Whether npm itself runs the scripts. */
  withNpm?: boolean | undefined;
  /** The longest time for each block of commands, in milliseconds. */
  deadline?: number | undefined;
}

/** Runs the commands of “Start it yourself” in terminals, in a copy of the example, with separate ports. */
export async function startByReadme(
  name: string,
  packed: PackedPackages,
  ready: RegExp,
  { prepare = "true", withNpm = false, deadline }: StartOptions = {},
) {
  const folder = mkdtempSync(join(tmpdir(), "sockact-example-"));
  const cwd = join(folder, name);
  const ports = await PrivatePorts.open();
  const close = async (): Promise<void> => {
    await ports.close();
    rmSync(folder, { recursive: true });
  };
  const bin = join(folder, "bin");
  const env = {
    PATH: [bin, process.env["PATH"]].join(delimiter),
    HOME: folder,
    npm_config_progress: "false",
  };
  const spawn = ports.spawn.bind(ports);
  const shown: string[] = [];
  let running: TypedCommands | undefined;

  const before = () => [...shown, running?.shown].join("\n");
  const typeHere = async (commands: string): Promise<string> => {
    const answer = await type(commands, { spawn, cwd, env, before, deadline });
    shown.push(answer);
    return answer;
  };

  /** Presses Ctrl-C in the terminal of the app. */
  async function interrupt(): Promise<void> {
    running?.interrupt();
    await running?.ended;
    shown.push(running?.shown ?? "");
    running = undefined;
  }

  try {
    copyExample(name, cwd);
    gatherPackages(name, packed, folder);
    writePrograms(bin, folder, withNpm);
    symlinkSync(process.execPath, join(bin, "node"));
    await typeHere(prepare);
    for (const block of commandsBelow(sectionsOf(name), "Start it yourself")) {
      if (runsOn.test(block.split("\n").at(-1)!)) {
        await interrupt();
        running = typeCommands(spawn, block, { cwd, env });
        await running.line(ready);
      } else {
        await typeHere(block);
      }
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    get shown() {
      return before();
    },
    type: typeHere,
    interrupt,
    /** The processes that run, except the first process of the namespaces. */
    async processes(): Promise<string[]> {
      const list = ["ps", "-eo", "args="];
      const lines = (await text(spawn(list, { cwd, env }).stdout!)).trim().split("\n");
      // In these namespaces, a process whose parent has ended stays a zombie. On other machines, systemd reaps it.
      return lines.filter((line) => !["cat", list.join(" ")].includes(line) && !line.endsWith("<defunct>"));
    },
    close,
  } satisfies RunningExample & Record<string, unknown>;
}
