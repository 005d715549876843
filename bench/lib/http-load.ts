import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { startProcess } from "../../packages/testkit/src/app-process.ts";
import { findProgram } from "./find-program.ts";
import { pinned } from "./pinned.ts";

/** How many connections have a request under way: a number that can be divided by three. */
const CONNECTIONS = 30;

/** In seconds. wrk can't run for less. */
const DURATION = 1;

/** What a load has measured. */
export interface LoadFigures {
  requests: number;
  seconds: number;
  /** The time in milliseconds that 99 % of the requests took at most. */
  p99: number;
}

/** A program that sends requests. */
export interface LoadTool {
  /** With its version. */
  name: string;
  /** @param isFresh each request is on a new connection, and says `Connection: close` */
  command(url: string, connections: number, isFresh: boolean): string[];
  /** Reads what the program has printed. `failed`: errors of connections, and answers with another status than 2xx or 3xx. */
  read(output: string): LoadFigures & { failed: number };
}

const report = fileURLToPath(new URL("../programs/wrk-report.lua", import.meta.url));

export function wrk(path: string): LoadTool {
  // It prints its version, and exits with 1.
  const version = execFileSync("sh", ["-c", '"$0" -v; true', path], { encoding: "utf8" });
  return {
    name: `wrk ${/\d+(\.\d+)+/.exec(version)?.[0]}`,
    command: (url, connections, isFresh) => [
      path,
      "--threads=1",
      `--connections=${connections}`,
      `--duration=${DURATION}s`,
      `--script=${report}`,
      ...(isFresh ? ["--header=Connection: close"] : []),
      url,
    ],
    // The JSON is the last line.
    read: (output) => JSON.parse(output.trim().split("\n").at(-1)!) as LoadFigures & { failed: number },
  };
}

/** It is slower than most of the servers, so that it measures itself rather than them. Its times are whole milliseconds. */
export function autocannon(): LoadTool {
  const program = createRequire(import.meta.url).resolve("autocannon");
  const manifest = createRequire(import.meta.url).resolve("autocannon/package.json");
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  return {
    name: `autocannon ${version}`,
    command: (url, connections, isFresh) => [
      process.execPath,
      program,
      "--json",
      `--connections=${connections}`,
      `--duration=${DURATION}`,
      ...(isFresh ? ["--headers=Connection=close"] : []),
      url,
    ],
    read(output) {
      const result = JSON.parse(output) as {
        "2xx": number;
        duration: number;
        latency: { p99: number };
        errors: number;
        non2xx: number;
      };
      return {
        requests: result["2xx"],
        seconds: result.duration,
        p99: result.latency.p99,
        failed: result.errors + result.non2xx,
      };
    },
  };
}

/** The program that loads the servers: wrk if it is installed. */
export function loadTool(): LoadTool {
  const path = findProgram("wrk");
  return path === undefined ? autocannon() : wrk(path);
}

/**
 * Sends requests for a second, to several addresses at once.
 *
 * @throws if a request has failed, or none was answered
 */
export async function sendLoad(
  tool: LoadTool,
  urls: readonly string[],
  { isFresh = false } = {},
): Promise<LoadFigures> {
  const loads = urls.map(async (url) => {
    await using load = startProcess(pinned("load", tool.command(url, CONNECTIONS / urls.length, isFresh)));
    const status = await load.ended;
    const { failed, ...figures } =
      status === 0 ? tool.read(load.stdout) : { failed: 0, requests: 0, seconds: 0, p99: 0 };
    if (failed > 0 || figures.requests === 0)
      throw new Error(`${tool.name}: ${failed} requests to ${url} failed.\n${load.stdout}${load.stderr}`);
    return figures;
  });
  const all = await Promise.all(loads);
  return {
    requests: all.reduce((sum, { requests }) => sum + requests, 0),
    seconds: Math.max(...all.map(({ seconds }) => seconds)),
    p99: Math.max(...all.map(({ p99 }) => p99)),
  };
}
