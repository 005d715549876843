import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { closeAll, freeAddress, openConnection, rawSocket, startWithFds } from "@sockact/testkit";

const program = (name: string): string => fileURLToPath(new URL(`programs/${name}`, import.meta.url));
const opened: number[] = [];
afterAll(() => closeAll(opened));

interface Answered {
  /** The built-in modules of Node that are loaded. */
  loaded: string[];
  /** The CommonJS files that are loaded. */
  files: string[];
  /** The streams of `process` that were created. */
  made: string[];
  /** The files of /proc that were read. */
  read: string[];
}

/**
 * Records what an activated process does until its first response. The client has sent its request before the
 * process starts.
 */
async function firstResponse(kind: "tcp4" | "unix", app: string, how: "bare" | "sockact"): Promise<Answered> {
  const bound = await freeAddress(kind);
  const fd = rawSocket(kind === "unix" ? "unix" : "ipv4", "stream", { bound, listening: true });
  opened.push(fd);
  const client = openConnection(bound).on("error", () => {});
  client.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  try {
    const preload = ["--require", program("records-first-response.cjs")];
    await using running = startWithFds([fd], [process.execPath, ...preload, program(app), how]);
    return await running.event<Answered>("answered");
  } finally {
    client.destroy();
  }
}

/**
 * Modules that are slow to load. Each takes up to several milliseconds, and most of them load inner modules
 * of Node too.
 */
const SLOW =
  /^(?:internal\/)?(?:tls|_tls_\w+|https|http2|crypto|worker|worker_threads|child_process|perf_hooks|perf\/performance|dgram|readline|dns|zlib|assert|inspector|process\/report)(?:$|\/)/;

describe.each(["cold-start.mjs", "cold-start.cjs"])("until the first response of %s", (app) => {
  describe.each(["tcp4", "unix"] as const)("on a %s socket", (kind) => {
    let bare: Answered;
    let answered: Answered;
    beforeAll(async () => {
      bare = await firstResponse(kind, app, "bare");
      answered = await firstResponse(kind, app, "sockact");
    });

    test("no slow built-in module is loaded, unless Node itself loads it", () => {
      const extra = answered.loaded.filter((name) => !bare.loaded.includes(name));
      expect(extra.filter((name) => SLOW.test(name))).toEqual([]);
    });

    test("process.stdin, stdout and stderr are not created, unless Node itself creates them", () => {
      expect(answered.made.filter((name) => !bare.made.includes(name))).toEqual([]);
    });

    test("two files of this package are loaded, and no file of another package", () => {
      const names = answered.files
        .filter((file) => /(?:core|notify)\/dist\//.test(file))
        .map((file) => basename(file));
      expect(names).toEqual(["index.cjs", "implementation.cjs"]);
    });

    test("no table of all connections is read", () => {
      // The table of unix sockets is short, and has the only copy of an address.
      const tables = ["/proc/self/fdinfo/3", "/proc/self/net/unix"];
      expect(answered.read).toEqual(["/proc/thread-self", ...(kind === "unix" ? tables : [])]);
    });
  });
});

test("an app whose files are removed by a deployment while it starts still serves, and drains at SIGTERM", async () => {
  const folder = mkdtempSync(join(tmpdir(), "cold-start-"));
  try {
    const published = fileURLToPath(new URL("..", import.meta.url));
    for (const part of ["package.json", "dist"])
      cpSync(join(published, part), join(folder, "node_modules/@sockact/core", part), { recursive: true });
    cpSync(program("answers-slowly.cjs"), join(folder, "app.cjs"));
    const bound = await freeAddress("tcp4");
    const fd = rawSocket("ipv4", "stream", { bound, listening: true });
    opened.push(fd);
    await using running = startWithFds([fd], [process.execPath, join(folder, "app.cjs")]);
    await running.event("listening");
    rmSync(join(folder, "node_modules"), { recursive: true });
    running.write("the files are gone");
    const client = openConnection(bound);
    client.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await running.event("request");
    running.kill("SIGTERM");
    let response = "";
    for await (const part of client) response += String(part);
    expect(response).toMatch(/^HTTP\/1.1 200 OK[^]*Connection: close[^]*answer$/i);
    expect(await running.ended).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
