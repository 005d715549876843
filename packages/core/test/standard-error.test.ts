import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, createReadStream } from "node:fs";
import type { Readable, Writable } from "node:stream";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { rawPipe } from "@sockact/testkit";

const program = fileURLToPath(new URL("programs/standard-error.mjs", import.meta.url));

test("on a pipe that nobody reads for a while, each line is complete and in order", async () => {
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
