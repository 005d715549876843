import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type AppProcess, DEADLINE, startProcess } from "../packages/testkit/src/app-process.ts";
import { describeWith } from "../packages/testkit/src/requires.ts";

const program = fileURLToPath(new URL("test/programs/get-node.ts", import.meta.url));
const library = `node-linux-${process.arch}`;

/** A registry that knows Node 20.99.0, and emits `tarball` with each request for its file. */
let registry: Server;
let folder = "";
const url = (): string => `http://127.0.0.1:${(registry.address() as AddressInfo).port}`;
const incomplete = (): string => join(folder, "20.incomplete");

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "node-binary-"));
  registry = createServer((request, response) => {
    if (request.url?.endsWith(".tgz")) {
      registry.emit("tarball", response);
      return;
    }
    const dist = { tarball: `${url()}/${library}.tgz` };
    const versions = { "20.99.0": { name: library, version: "20.99.0", dist } };
    response.end(JSON.stringify({ name: library, "dist-tags": { latest: "20.99.0" }, versions }));
  }).listen(0, "127.0.0.1");
  await once(registry, "listening");
});
afterEach(() => {
  registry.closeAllConnections();
  registry.close();
  rmSync(folder, { recursive: true });
});

function getNode(version: string, env: Record<string, string> = {}): AppProcess {
  return startProcess([process.execPath, "--import", "tsx", program, version, folder], {
    env: {
      npm_config_registry: url(),
      npm_config_cache: join(folder, "npm"),
      npm_config_fetch_retries: "0",
      ...env,
    },
  });
}

/** Resolves with the answer to the next request for the file of the package. */
async function tarballAsked(): Promise<ServerResponse> {
  const [response] = (await once(registry, "tarball", { signal: AbortSignal.timeout(DEADLINE) })) as [
    ServerResponse,
  ];
  return response;
}

test(
  "a Node that npm does not have and a registry that does not answer have different errors, under npm run -s too",
  { tags: "campaign" },
  async () => {
    await using unknown = getNode("999", { npm_config_loglevel: "silent" });
    expect(await unknown.ended).toBe(1);
    expect(unknown.stderr).toBe(`Node 999 can't be run: npm has no ${library}@999.\n`);
    await using unreachable = getNode("20", { npm_config_registry: "http://127.0.0.1:9" });
    expect(await unreachable.ended).toBe(1);
    expect(unreachable.stderr).toBe(
      "npm could not be asked for Node 20 (ECONNREFUSED): is there a network?\n",
    );
  },
);

describeWith({ commands: ["flock", "setpriv"], tags: "campaign" }, "an install of a Node under way", () => {
  test("ends with the command that SIGKILL ends, and the next one removes what it has left", async () => {
    await using killed = getNode("20");
    const first = await tarballAsked();
    killed.kill("SIGKILL");
    await once(first, "close", { signal: AbortSignal.timeout(DEADLINE) });
    expect(await killed.ended).toBe("SIGKILL");
    expect(existsSync(incomplete())).toBe(true);
    await using next = getNode("20");
    (await tarballAsked()).writeHead(404).end();
    expect(await next.ended).toBe(1);
    expect(next.stderr).toContain("Node 20.99.0 could not be installed (E404)");
    expect(existsSync(incomplete())).toBe(false);
  });

  test("makes another command wait that needs the same Node", async () => {
    await using first = getNode("20");
    const answer = await tarballAsked();
    await using second = getNode("20");
    await second.line(/^Waiting for another run/);
    answer.writeHead(404).end();
    expect(await first.ended).toBe(1);
    (await tarballAsked()).writeHead(404).end();
    expect(await second.ended).toBe(1);
  });
});
