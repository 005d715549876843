import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { closeAll, freeAddress, openConnection, rawSocket, startWithFds } from "@sockact/testkit";
import { appFile } from "./start-app.ts";

test.concurrent.for(["http", "net"])(
  "an app with a server of node:%s needs no file of the preload after the start",
  async (kind) => {
    const folder = mkdtempSync(join(tmpdir(), "without-files-"));
    const bound = await freeAddress("tcp4");
    const fd = rawSocket("ipv4", "stream", { bound, listening: true });
    try {
      const published = fileURLToPath(new URL("../dist", import.meta.url));
      cpSync(published, join(folder, "dist"), { recursive: true });
      const preload = join(folder, "dist/index.cjs");
      await using app = startWithFds(
        [fd],
        [process.execPath, "--require", preload, appFile("waits.cjs"), kind],
      );
      await app.event("started");
      rmSync(folder, { recursive: true });
      app.write("the files are gone");
      const client = openConnection(bound);
      if (kind === "http") client.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
      let answer = "";
      for await (const part of client) answer += String(part);
      expect(answer).toMatch(/served$/);
      app.kill("SIGTERM");
      expect(await app.ended).toBe(0);
    } finally {
      closeAll([fd]);
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
