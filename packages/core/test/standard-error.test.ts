import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, createReadStream, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { freeAddress, httpRequest, rawPipe, rawSocket, startWithFds } from "@sockact/testkit";
import { programOf } from "./cluster-app.ts";
import { appOnSocket, systemdSocket } from "./lifecycle-app.ts";

const program = fileURLToPath(new URL("programs/standard-error.mjs", import.meta.url));
const preload = (name: string): string => new URL(`programs/${name}.mjs`, import.meta.url).href;

test("on a pipe that is not read for a while, each line is complete and in order", async () => {
  const [readEnd, writeEnd] = rawPipe();
  const child = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", writeEnd, "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  closeSync(writeEnd);
  await once(child.stdout as Readable, "data");
  // The pipe holds less than one line.
  let received = "";
  const reader = createReadStream("", { fd: readEnd, encoding: "latin1" }).on("data", (chunk) => {
    if (received === "") (child.stdio[3] as Writable).end("!");
    received += String(chunk);
  });
  await once(reader, "end");
  const lines = ["a", "b", "c", "d"].map((letter) => `sockact: ${letter.repeat(100_000)}\n`);
  expect(received).toBe(`app\n${lines.join("")}`);
});

test("on a full pipe whose reader closes it, the waiting lines are dropped and the app keeps running", async () => {
  const [readEnd, writeEnd] = rawPipe();
  const child = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", writeEnd, "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  closeSync(writeEnd);
  await once(child.stdout as Readable, "data");
  closeSync(readEnd);
  (child.stdio[3] as Writable).end("!");
  expect(await once(child, "exit")).toEqual([0, null]);
});

test.each(["a full disk", "a pipe whose reader has gone"])(
  "on %s, lines are dropped and the app serves",
  async (kind) => {
    const bound = await freeAddress("tcp4");
    const fd = rawSocket("ipv4", "stream", { bound, listening: true });
    const [readEnd, writeEnd] = kind === "a full disk" ? [undefined, openSync("/dev/full", "w")] : rawPipe();
    if (readEnd !== undefined) closeSync(readEnd);
    const serving = fileURLToPath(new URL("programs/standard-error-lost.mjs", import.meta.url));
    const child = spawn("/bin/sh", ["-c", 'LISTEN_PID=$$ exec "$@"', "sh", process.execPath, serving], {
      stdio: ["ignore", "pipe", writeEnd, fd],
      env: { ...process.env, LISTEN_FDS: "1", LISTEN_FDNAMES: "http" },
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    for (const each of [fd, writeEnd]) closeSync(each);
    await once(child.stdout as Readable, "data");
    expect(await httpRequest(bound)).toMatchObject({ status: 200 });
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  },
);

const fatal =
  /^sockact: fatal: SOCKACT_ERR_NAME_UNKNOWN: No socket named web was passed\. Passed: http \(fd 3, [^ ]+\)\. Use the name [^\n]+\. At \/[^ ]+:\d+:\d+\.\n/;

describe("an error that ends the app", () => {
  const reports = mkdtempSync(join(tmpdir(), "sockact-reports-"));
  afterAll(() => rmSync(reports, { recursive: true }));

  test("is one line, which says where the app has called, and other listeners see the error", async () => {
    const [fd] = await systemdSocket();
    await using app = startWithFds([fd], programOf("adopt"), {
      names: ["http"],
      env: { TAKE: "web", NODE_OPTIONS: `--import=${preload("uncaught-monitor")}` },
    });
    expect(await app.ended).toBe(1);
    expect(app.stderr).toMatch(new RegExp(`${fatal.source}$`));
    expect(app.stdout).toBe("monitor: SOCKACT_ERR_NAME_UNKNOWN\nexit: 1\n");
  });

  test.each([
    ["if systemd asks for debug output", { DEBUG_INVOCATION: "1" }],
    [
      "if Node is to write a report",
      { NODE_OPTIONS: `--report-uncaught-exception --report-directory=${reports}` },
    ],
  ])("is printed by Node too %s", async (_, env) => {
    const [fd] = await systemdSocket();
    await using app = startWithFds([fd], programOf("adopt"), {
      names: ["http"],
      env: { TAKE: "web", ...env },
    });
    expect(await app.ended).not.toBe(0);
    expect(app.stderr).toMatch(
      new RegExp(`${fatal.source}[^]*\\n +at [^]*code: 'SOCKACT_ERR_NAME_UNKNOWN'`, "m"),
    );
  });

  test("is left to an app that handles uncaught errors", async () => {
    const [fd] = await systemdSocket();
    await using app = startWithFds([fd], programOf("adopt"), {
      names: ["http"],
      env: { TAKE: "web", NODE_OPTIONS: `--import=${preload("uncaught-handler")}` },
    });
    expect(await app.ended).toBe(7);
    expect(app.stderr).toBe("");
  });
});

test("an error of an onReload is there with its code and its cause", async () => {
  const { app } = await appOnSocket({ hooks: ["onReload that fails"] });
  await using running = app;
  running.kill("SIGHUP");
  await running.line(/^sockact: the reload failed/);
  expect(running.stderr).toMatch(
    /sockact: Error: from onReload\n +at [^]*code: 'ERR_OF_THE_APP'[^]*\[cause\]: Error: its cause\n/,
  );
});
