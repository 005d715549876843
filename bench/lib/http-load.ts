import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { max, sum } from "simple-statistics";
import { startProcess } from "../../packages/testing/src/app-process.ts";
import { findProgram } from "./find-program.ts";
import { pinned } from "./pinned.ts";

/** How many programs send requests, for every server: three of them on one core are slower than one. */
const PROGRAMS = 3;
/** How many connections of each program have a request in progress. */
const CONNECTIONS = 10;

/** In seconds, the minimum of wrk. */
const DURATION = 1;

/** The figures of a load. */
export interface LoadFigures {
  requests: number;
  seconds: number;
  /** The 99th percentile of the times of requests, in milliseconds. */
  p99: number;
  /** Errors of connections, and answers with another status than 2xx or 3xx. */
  failed: number;
}

/** A program that sends requests, and prints {@link LoadFigures} as JSON in its last line. */
export interface LoadTool {
  /** With its version. */
  name: string;
  /** Faster than the servers that it loads. */
  isFast: boolean;
  /** @param isFresh each request is on a new connection, and says `Connection: close` */
  command(url: string, connections: number, isFresh: boolean): string[];
}

const fileOf = (name: string): string => fileURLToPath(new URL(`../programs/${name}`, import.meta.url));

export function wrk(path: string): LoadTool {
  // It exits with 1 after its version.
  const { stdout } = spawnSync(path, ["-v"], { encoding: "utf8" });
  return {
    name: `wrk ${/\d+(\.\d+)+/.exec(stdout)?.[0]}`,
    isFast: true,
    command: (url, connections, isFresh) => [
      path,
      "--threads=1",
      `--connections=${connections}`,
      `--duration=${DURATION}s`,
      `--script=${fileOf("wrk-report.lua")}`,
      ...(isFresh ? ["--header=Connection: close"] : []),
      url,
    ],
  };
}

/** It is slower than most of the servers, so it measures itself. Its times are whole milliseconds. */
export function autocannon(): LoadTool {
  const { version } = createRequire(import.meta.url)("autocannon/package.json") as { version: string };
  return {
    name: `autocannon ${version}`,
    isFast: false,
    command: (url, connections, isFresh) => [
      process.execPath,
      fileOf("autocannon.mjs"),
      url,
      String(connections),
      String(DURATION),
      ...(isFresh ? ["close"] : []),
    ],
  };
}

/** The program that loads the servers: wrk if it is installed. */
export function loadTool(): LoadTool {
  const path = findProgram("wrk", { without: "autocannon takes its place." });
  return path === undefined ? autocannon() : wrk(path);
}

/**
 * Sends requests for a second. If there are several addresses, each gets its share.
 *
 * @throws if a request has failed, or none was answered
 */
export async function sendLoad(
  tool: LoadTool,
  urls: readonly string[],
  { isFresh = false } = {},
): Promise<LoadFigures> {
  const loads = Array.from({ length: PROGRAMS }, async (_, index) => {
    const url = urls[index % urls.length] as string;
    const command = tool.command(url, CONNECTIONS, isFresh);
    await using load = startProcess(pinned("load", command));
    const status = await load.ended;
    const figures =
      status === 0 ? (JSON.parse(load.stdout.trim().split("\n").at(-1)!) as LoadFigures) : undefined;
    if (figures === undefined || figures.failed > 0 || figures.requests === 0)
      throw new Error(`Requests to ${url} failed:\n${load.stdout}${load.stderr}`);
    return figures;
  });
  const all = await Promise.all(loads);
  return {
    requests: sum(all.map(({ requests }) => requests)),
    seconds: max(all.map(({ seconds }) => seconds)),
    p99: max(all.map(({ p99 }) => p99)),
    failed: 0,
  };
}
