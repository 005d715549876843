import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type AppProcess, atEnd, type ListenAddress, startWithFds } from "@sockact/testkit";
import { systemdSocket } from "./lifecycle-app.ts";

/** A path of a file in a new folder, which is removed when the test ends. */
export function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "sockact-"));
  atEnd(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "wait");
  writeFileSync(file, "");
  return file;
}

/** The command that runs one of our programs. */
export function programOf(name: string): string[] {
  return [process.execPath, fileURLToPath(new URL(`programs/${name}.mjs`, import.meta.url))];
}

/** programs/cluster-roles.mjs on some sockets. */
export class RoleCluster implements AsyncDisposable {
  readonly app: AppProcess;
  /** The addresses of its listeners. */
  readonly addresses: readonly ListenAddress[];

  private constructor(app: AppProcess, addresses: readonly ListenAddress[]) {
    this.app = app;
    this.addresses = addresses;
  }

  /**
   * @param names the names of its listeners
   * @param others other descriptors, by name
   */
  static async start({
    names = ["http"],
    others = {},
    env = {},
  }: {
    names?: readonly string[];
    others?: Record<string, number>;
    env?: Record<string, string>;
  } = {}): Promise<RoleCluster> {
    const listeners = await Promise.all(names.map(() => systemdSocket()));
    const app = startWithFds(
      [...listeners.map(([fd]) => fd), ...Object.values(others)],
      programOf("cluster-roles"),
      { names: [...names, ...Object.keys(others)], env },
    );
    return new RoleCluster(
      app,
      listeners.map(([, address]) => address),
    );
  }

  /** Forks a worker, and waits until it is up. Resolves with its process ID. */
  async fork(role: "serve" | "plain" | "job" | "stubborn" | "take", name = ""): Promise<number> {
    this.app.write(`fork ${role} ${name}`);
    return (await this.app.event<{ pid: number }>("up")).pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app[Symbol.asyncDispose]();
  }
}
