import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, createReadStream, openSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { freeAddress, httpRequest, rawPipe, rawSocket, startWithFds } from "@sockact/testkit";
import { programOf } from "./cluster-app.ts";
import { appOnSocket, systemdSocket } from "./lifecycle-app.ts";

const program = fileURLToPath(new URL("programs/standard-error.mjs", import.meta.url));

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

test("an error that ends the app is one line of sockact, before what Node prints", async () => {
  const [fd] = await systemdSocket();
  await using app = startWithFds([fd], programOf("adopt"), { names: ["http"], env: { TAKE: "web" } });
  expect(await app.ended).toBe(1);
  expect(app.stderr).toMatch(
    /^sockact: ERR_NAME_UNKNOWN: No socket named web was passed\. Passed: http \(fd 3, [^ ]+\)\. Use the name [^\n]+\n[^]*\n +at [^]*Node\.js v/,
  );
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
