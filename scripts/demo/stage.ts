import { fileURLToPath } from "node:url";
import type { Clients } from "./clients.ts";

/** The frameworks. Each has an app in apps/. */
export type Framework = "Express" | "Koa" | "Fastify";

/** An app sleeps after so many milliseconds without a connection. */
export const IDLE_TIMEOUT = 300;

export const appFile = (framework: Framework): string =>
  fileURLToPath(new URL(`apps/${framework.toLowerCase()}.mjs`, import.meta.url));

export const clientsProgram = fileURLToPath(new URL("clients-program.mjs", import.meta.url));

/** A way to run the apps under socket activation. */
export interface Stage {
  /** Its name, for the output. */
  title: string;
  clients: Clients;
  /** Listens for an app. The first connection starts the app. */
  listen(framework: Framework): Promise<StagedApp>;
  close(): Promise<void>;
}

/** An app, whose sockets are open until it is disposed of. */
export interface StagedApp extends AsyncDisposable {
  /** The addresses that listen, and who does. */
  listening(): Promise<string>;
  http: string;
  https: string;
  /** The command that restarts it, for the output. */
  restartCommand: string;
  /** Stops this process of the app and starts a new one. Resolves once the old one is gone and the new one may answer. */
  restart(pid: number): Promise<void>;
  /** Resolves once the app has ended by itself. */
  untilAsleep(pid: number): Promise<void>;
  /** The score of `systemd-analyze security`, such as `0.2 SAFE`, or `undefined` without a sandbox. */
  score(): Promise<string | undefined>;
  /** The lines that the app has logged. */
  log(): Promise<string[]>;
}
