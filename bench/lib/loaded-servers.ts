import { get as getHttp } from "node:http";
import { get as getHttps } from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startWithFds } from "../../packages/testing/src/activated-process.ts";
import { freeAddress } from "../../packages/testing/src/addresses.ts";
import { type AppProcess, DEADLINE, startProcess } from "../../packages/testing/src/app-process.ts";
import { certificateOf } from "../../packages/testing/src/certificates.ts";
import { readAnswer } from "../../packages/testing/src/http-request.ts";
import { closeAll, rawSocket } from "../../packages/testing/src/raw-sockets.ts";
import { cpuTimeOf } from "./cpu-time.ts";
import { pinned } from "./pinned.ts";

/** A server that says hello, on the core of the servers. */
export interface LoadedServer extends AsyncDisposable {
  urls: readonly string[];
  /** The CPU time of all its processes, in milliseconds. */
  cpuTime(): number;
}

/** The servers of programs/load-server.mjs. */
export type Kind = "node" | "core" | "handover" | "tls" | "cluster" | "express" | "koa" | "fastify";

/** Where the servers of programs/load-server.mjs come from. */
export interface Source {
  /** The binary of Node. */
  node: string;
  /** The checkout whose built packages they use. */
  checkout: string;
}

const program = fileURLToPath(new URL("../programs/load-server.mjs", import.meta.url));
const { key, cert } = certificateOf("localhost");
const environment = { NODE_ENV: "production", KEY: key, CERT: cert };

export const commandOf = (kind: Kind, { node, checkout }: Source): string[] => [
  node,
  program,
  kind,
  checkout,
];
const urlOf = (kind: Kind, address: string): string => `${kind === "tls" ? "https" : "http"}://${address}/`;

/** Starts a server without sockact on its own port. */
export async function startPlain(kind: Kind, source: Source): Promise<LoadedServer> {
  const address = await freeAddress("tcp4");
  return untilAnswered([spawnPlain(kind, source, address.split(":")[1]!)], [urlOf(kind, address)]);
}

/** @param address a port of 127.0.0.1, or a path */
export function spawnPlain(kind: Kind, source: Source, address: string): AppProcess {
  const env = { ...environment, ADDRESS: address };
  return startProcess(pinned("server", commandOf(kind, source)), { env });
}

/** Starts a server on passed sockets. */
export async function startActivated(kind: Kind, source: Source, sockets = 1): Promise<LoadedServer> {
  const addresses = await Promise.all(Array.from({ length: sockets }, () => freeAddress("tcp4")));
  const urls = addresses.map((address) => urlOf(kind, address));
  return untilAnswered([spawnActivated(addresses, commandOf(kind, source))], urls);
}

/** Starts any program on passed sockets. */
export function spawnActivated(
  addresses: readonly string[],
  command: readonly string[],
  variables: Record<string, string> = {},
): AppProcess {
  const fds = addresses.map((bound) => rawSocket("ipv4", "stream", { bound, listening: true }));
  const app = startWithFds(fds, pinned("server", command), { env: { ...environment, ...variables } });
  closeAll(fds);
  return app;
}

/** Waits until each address says hello. If one does not, the processes are killed. */
export async function untilAnswered(
  processes: readonly AppProcess[],
  urls: readonly string[],
): Promise<LoadedServer> {
  const server: LoadedServer = {
    urls,
    cpuTime: () => processes.reduce((sum, { pid }) => sum + cpuTimeOf(pid), 0),
    async [Symbol.asyncDispose]() {
      await Promise.all(processes.map((each) => each[Symbol.asyncDispose]()));
    },
  };
  const deadline = Date.now() + DEADLINE;
  for (const url of urls) {
    for (;;) {
      const answer = await answerOf(url);
      if (answer === "200 hello") break;
      if (Date.now() > deadline) {
        await server[Symbol.asyncDispose]();
        const output = processes.map(({ stdout, stderr }) => stdout + stderr).join("\n");
        throw new Error(`${url} must answer "200 hello"; got ${answer}.\n${output}`);
      }
      await delay(10);
    }
  }
  return server;
}

/** The status and the body, or the reason why there are none. */
async function answerOf(url: string): Promise<string> {
  const options = { agent: false, rejectUnauthorized: false, signal: AbortSignal.timeout(DEADLINE) };
  try {
    const sent = url.startsWith("https:") ? getHttps(url, options) : getHttp(url, options);
    const { status, body } = await readAnswer(sent);
    return `${status} ${body}`;
  } catch (error) {
    return (error as Error).message;
  }
}
