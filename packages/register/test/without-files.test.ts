import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import {
  closeAll,
  freeAddress,
  httpRequest,
  openConnection,
  rawSocket,
  startProcess,
  startWithFds,
} from "@sockact/testkit";
import { portIn } from "./run-app.ts";
import { appFile } from "./start-app.ts";

const situations: [what: string, kind: string, env: Record<string, string>][] = [
  ["a server of node:http", "http", {}],
  ["a server of node:net", "net", {}],
  ["SOCKACT_HEALTH", "http", { SOCKACT_HEALTH: "/health" }],
  ["REMOTE_ADDR", "http", { REMOTE_ADDR: "192.0.2.1" }],
];

test.concurrent.for(situations)(
  "an app with %s needs no file of the preload after the start",
  async ([, kind, env]) => {
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
        { env },
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

test.each<[string, Record<string, string>, number | string]>([
  ["whose parent has got the sockets", { LISTEN_PID: String(process.pid), LISTEN_FDS: "1" }, "SIGTERM"],
  ["on a port of its own", { SOCKACT_SIGNALS: "yes", SOCKACT_HEALTH: "/health" }, 0],
])("neither does one %s", async (_, env, status) => {
  const folder = mkdtempSync(join(tmpdir(), "without-files-"));
  try {
    cpSync(fileURLToPath(new URL("../dist", import.meta.url)), join(folder, "dist"), { recursive: true });
    const preload = join(folder, "dist/index.cjs");
    const port = String(portIn(await freeAddress("tcp4")));
    await using app = startProcess([process.execPath, "--require", preload, appFile("waits.cjs"), "http"], {
      env: { ...env, PORT: port },
    });
    await app.event("started");
    rmSync(folder, { recursive: true });
    app.write("the files are gone");
    await app.event("listening");
    expect((await httpRequest(`localhost:${port}`)).body).toBe("served");
    app.kill("SIGTERM");
    expect(await app.ended).toBe(status);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
