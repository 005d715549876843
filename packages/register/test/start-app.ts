import type { Socket } from "node:net";
import process from "node:process";
import { fileURLToPath } from "node:url";
import {
  type AppProcess,
  closeAll,
  freeAddress,
  openConnection,
  portOf,
  preloading,
  rawSocket,
  startWithFds,
} from "@sockact/testkit";
import { portIn, preload } from "./run-app.ts";

/** The line that the apps of these tests print when they listen. */
export interface Up {
  pid: number;
  address: { port: number };
}

/** The file of an app of these tests, from its path in the folder `apps`. */
export function appFile(file: string): string {
  return fileURLToPath(new URL(`apps/${file}`, import.meta.url));
}

export async function freePort(): Promise<number> {
  return portIn(await freeAddress("tcp4"));
}

export interface StartedApp {
  app: AppProcess;
  /** The address of the passed socket. */
  address: string;
  port: number;
  /** A client that connected before the app was started. */
  early: Socket;
}

/** Starts a command with the preload and one socket. */
export function startApp(
  command: readonly string[],
  env: Record<string, string>,
  cwd = process.cwd(),
): StartedApp {
  const socket = rawSocket("ipv4", "stream", { bound: "127.0.0.1:0", listening: true });
  const port = portOf(socket);
  const address = `127.0.0.1:${port}`;
  const early = openConnection(address).on("error", () => {});
  const app = startWithFds([socket], command, { env: { ...preloading(preload), ...env }, cwd });
  closeAll([socket]);
  return { app, address, port, early };
}
