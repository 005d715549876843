// What the tests of `sockact install` and `sockact uninstall` have in common.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { PrivateSystemd } from "@sockact/testkit";
import { type AppDescription, emitUnits } from "@sockact/units";
import { rolldown } from "rolldown";
import type { Applied, InstallPlan, PreparedInstall } from "../src/lib/install/install.ts";
import type { InstallerOptions } from "./programs/installer.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

interface Failure {
  code: string | undefined;
  message: string;
  hint: string;
  exitCode: number;
}
export interface Step {
  type: string;
  path?: string;
  units?: string[];
  how?: string;
}
export interface Outcome {
  steps: Step[];
  result?: Applied & PreparedInstall;
  error?: Failure;
  /** How many calls have changed the file system. */
  changes?: number;
}

/** The program that installs, as one file. */
export async function bundleInstaller(): Promise<{ script: string; manifest: string }> {
  const bundle = await rolldown({
    input: here("programs/installer.ts"),
    platform: "node",
    resolve: { conditionNames: ["@sockact/source", "import"] },
  });
  const { output } = await bundle.generate({ format: "esm", codeSplitting: false });
  await bundle.close();
  return { script: output[0].code, manifest: readFileSync(here("../package.json"), "utf8") };
}

/** The plan for a description. */
export function planFor(description: AppDescription, fields: Partial<InstallPlan> = {}): InstallPlan {
  const { name } = description;
  const units = emitUnits(description);
  return { name, user: false, root: "/", units, extraFiles: [], description, ...fields };
}

/** The plan for an app that serves every passed socket: by default port 80. */
export const shopPlan = (
  systemd: PrivateSystemd,
  fields: Partial<AppDescription>,
  further: Partial<InstallPlan>,
): InstallPlan =>
  planFor(
    {
      name: "shop",
      exec: [systemd.node, `${systemd.project}/packages/cli/test/programs/every-socket.mjs`],
      sockets: [{ listen: 80 }],
      type: "notify",
      ...fields,
    },
    further,
  );

/** Where the program runs: in a private systemd, or on this machine. */
export interface InstallerPlace {
  node: string;
  /** The file with the program. */
  script: string;
  spawn(command: readonly string[]): ChildProcess;
}

/** One run of the program. */
export class Installer {
  readonly child: ChildProcess;
  readonly steps: Step[] = [];
  readonly ended: Promise<Outcome>;

  constructor(
    place: InstallerPlace | PrivateSystemd,
    options: InstallerOptions,
    command: readonly string[] = [],
  ) {
    const script = "script" in place ? place.script : "/tmp/installer/dist/installer.mjs";
    this.child = place.spawn([...command, place.node, script, JSON.stringify(options)]);
    this.child.stderr!.pipe(process.stderr);
    this.ended = this.#read();
    this.ended.catch(() => {});
  }

  async #read(): Promise<Outcome> {
    const closed = once(this.child, "close");
    const outcome: Outcome = { steps: this.steps };
    for await (const line of createInterface({ input: this.child.stdout! })) {
      const value = JSON.parse(line) as Step & Outcome;
      if ("type" in value) this.steps.push(value);
      else Object.assign(outcome, value);
      this.child.emit("line");
    }
    await closed;
    return outcome;
  }

  async until(type: string): Promise<void> {
    while (!this.steps.some((step) => step.type === type)) {
      const line = once(this.child, "line");
      await Promise.race([
        line,
        this.ended.then((outcome) => Promise.reject(new Error(JSON.stringify(outcome)))),
      ]);
    }
  }

  resume(): void {
    this.child.stdin!.write("\n");
  }
}

/** Puts the program into a private systemd. */
export async function writeInstaller(systemd: PrivateSystemd): Promise<void> {
  const { script, manifest } = await bundleInstaller();
  await systemd.write("/tmp/installer/dist/installer.mjs", script);
  await systemd.write("/tmp/installer/package.json", manifest);
}
