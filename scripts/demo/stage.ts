import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { certificateOf } from "../../packages/testing/src/certificates.ts";
import type { Clients } from "./clients.ts";

/** The frameworks. Each has an app in apps/. */
export type Framework = "Express" | "Koa" | "Fastify";

export const appFile = (framework: Framework): string =>
  fileURLToPath(new URL(`apps/${framework.toLowerCase()}.mjs`, import.meta.url));

export const clientsProgram = fileURLToPath(new URL("clients-program.mjs", import.meta.url));

const files = certificateOf("localhost");
/** The key and the self-signed certificate of each app, as PEM. */
export const [key, cert] = [readFileSync(files.key, "utf8"), readFileSync(files.cert, "utf8")];

/** A way to run the apps under socket activation. */
export interface Stage {
  /** The words after `sockact` in the first line of the output. */
  title: string;
  clients: Clients;
  /** Listens for an app. The first connection starts the app. */
  listen(framework: Framework): Promise<StagedApp>;
  close(): Promise<void>;
}

/** An app. Its sockets stay open until it is disposed of. */
export interface StagedApp extends AsyncDisposable {
  framework: Framework;
  /** The line of the output that says which program listens, and on which ports. */
  listening(): Promise<string>;
  http: string;
  https: string;
  /** The reason of a restart, for the output. */
  restartReason: string;
  /** Stops this process of the app and starts a new one. Resolves once the old one has ended. */
  restart(pid: number): Promise<void>;
  /** The time without a connection after which the app sleeps, in milliseconds. */
  idleTimeout: number;
  /** Resolves when the app has exited because it was idle. */
  untilAsleep(pid: number): Promise<void>;
  /** The score of `systemd-analyze security`, such as `0.2 SAFE`, or `undefined` without a sandbox. */
  score(): Promise<string | undefined>;
  /** The lines that the app has logged. */
  log(): Promise<readonly string[]>;
}
