import { fileURLToPath } from "node:url";
import type { Clients } from "./clients.ts";

/** The frameworks. Each has an app in apps/. */
export type Framework = "Express" | "Koa" | "Fastify";

export const appFile = (framework: Framework): string =>
  fileURLToPath(new URL(`apps/${framework.toLowerCase()}.mjs`, import.meta.url));

export const clientsProgram = fileURLToPath(new URL("clients-program.mjs", import.meta.url));

/** A way to run the apps under socket activation. */
export interface Stage {
  /** What the output says after `sockact`. */
  title: string;
  clients: Clients;
  /** Listens for an app. The first connection starts the app. */
  listen(framework: Framework): Promise<StagedApp>;
  close(): Promise<void>;
}

/** An app, whose sockets are open until it is disposed of. */
export interface StagedApp extends AsyncDisposable {
  framework: Framework;
  /** The addresses that listen, and who does. */
  listening(): Promise<string>;
  http: string;
  https: string;
  /** The reason of a restart, for the output. */
  restartReason: string;
  /** Stops this process of the app and starts a new one. Resolves once the old one has ended. */
  restart(pid: number): Promise<void>;
  /** The app sleeps after so many milliseconds without a connection. */
  idleTimeout: number;
  /** Resolves once the app has ended by itself. */
  untilAsleep(pid: number): Promise<void>;
  /** The score of `systemd-analyze security`, such as `0.2 SAFE`, or `undefined` without a sandbox. */
  score(): Promise<string | undefined>;
  /** The lines that the app has logged. */
  log(): Promise<string[]>;
}
