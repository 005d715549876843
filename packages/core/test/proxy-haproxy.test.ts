import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { connect as connectTls } from "node:tls";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, expect, onTestFinished, test } from "vitest";
import {
  type AppProcess,
  atEnd,
  closeAll,
  describeWith,
  freeAddress,
  openConnection,
  rawSocket,
  requestOver,
  startProcess,
  startWithFds,
} from "@sockact/testkit";
import type { ParsedHeader } from "../src/lib/proxy-protocol/header.ts";
import { parseProxyHeader } from "../src/lib/proxy-protocol/parse-header.ts";
import { FAMILY } from "./proxy-headers.ts";
import { anyBytes, anyHeader } from "./random-proxy-headers.ts";

const program = [process.execPath, fileURLToPath(new URL("programs/proxy-protocol.mjs", import.meta.url))];

const opened: number[] = [];
afterAll(() => closeAll(opened));

async function listener(kind: "tcp4" | "unix" = "tcp4"): Promise<[fd: number, address: string]> {
  const bound = await freeAddress(kind);
  const fd = rawSocket(kind === "unix" ? "unix" : "ipv4", "stream", { bound, listening: true });
  opened.push(fd);
  return [fd, bound];
}

/** Starts HAProxy on these listeners, which are its descriptors from 3 on. */
function startHaproxy(fds: readonly number[], sections: string): AppProcess {
  const folder = mkdtempSync(join(tmpdir(), "sockact-test-haproxy-"));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  const config = join(folder, "haproxy.cfg");
  writeFileSync(
    config,
    `
global
  nbthread 1
defaults
  mode http
  timeout connect 20s
  timeout client 20s
  timeout server 20s
${sections}`,
  );
  return startProcess(["haproxy", "-db", "-f", config], { fds });
}

describeWith({ commands: ["haproxy"] }, "behind HAProxy", () => {
  test.each<[what: string, server: string, tls: boolean]>([
    ["send-proxy", "send-proxy", false],
    ["send-proxy-v2", "send-proxy-v2", false],
    ["send-proxy-v2 with a checksum", "send-proxy-v2 proxy-v2-options crc32c", false],
    ["send-proxy in front of TLS", "send-proxy", true],
    ["send-proxy-v2 in front of TLS", "send-proxy-v2", true],
  ])("%s: the app sees the client, and health checks cause no event", async (_, how, tls) => {
    const [fd, address] = await listener();
    await using app = startWithFds([fd], program, {
      names: ["web"],
      env: { LISTEN_OPTIONS: '{"sockets":{"web":{"proxyProtocol":true}}}', SERVER: tls ? "https" : "http" },
    });
    const [front, frontAddress] = await listener();
    await using _haproxy = startHaproxy(
      [front],
      `
listen front
  mode ${tls ? "tcp" : "http"}
  bind fd@3
  server app ${address} ${how} check inter 20ms
`,
    );
    const socket = openConnection(frontAddress);
    onTestFinished(() => void socket.destroy());
    await once(socket, "connect");
    const { localPort } = socket;
    const stream = tls ? connectTls({ socket, rejectUnauthorized: false }) : socket;
    stream.on("error", () => {});
    for (let count = 0; count < 2; count++) {
      const { json } = await requestOver(stream);
      expect(json()).toMatchObject({
        remoteAddress: "127.0.0.1",
        remotePort: localPort,
        header: { command: "proxy" },
      });
    }
    expect(app.stdout).not.toContain("rejected");
  });

  test("the configuration in the documentation is valid", async () => {
    const config = fileURLToPath(new URL("programs/haproxy.cfg", import.meta.url));
    await using check = startProcess(["haproxy", "-c", "-f", config]);
    expect([await check.ended, check.stderr]).toEqual([0, ""]);
  });

  const randomDifferences = async (numRuns: number): Promise<object[]> => {
    const [fd, address] = await listener("unix");
    await using _ = startHaproxy(
      [fd],
      `
listen reference
  bind fd@3 accept-proxy
  http-request return status 200 content-type text/plain lf-string "%[src] %[src_port]"
`,
    );
    const either = fc.oneof(
      anyHeader.map(({ bytes }) => bytes),
      anyBytes,
    );
    const differences: object[] = [];
    for (const header of fc.sample(either, { seed: 19, numRuns })) {
      const bytes = Buffer.concat([header, REQUEST]);
      const sockact = readBySockact(bytes);
      const answer = await haproxySays(address, bytes);
      const haproxy = answer !== "refused" && sockact.says === "served" ? "served" : answer;
      if (haproxy !== sockact.says && !isKnownDifference(bytes, sockact, haproxy))
        differences.push({ bytes: bytes.toString("latin1"), sockact, haproxy });
    }
    return differences;
  };

  test("both read 300 random headers in the same way, but for the known differences", async () => {
    expect(await randomDifferences(300)).toEqual([]);
  });

  test("both read 5,000 random headers in the same way", { tags: "campaign" }, async () => {
    expect(await randomDifferences(5000)).toEqual([]);
  });
});

const REQUEST = Buffer.from("GET / HTTP/1.0\r\n\r\n");

interface Reading {
  /**
   * The address and the port of the client, `served` if they are not known or if something else than the
   * request follows, or `refused`.
   */
  says: string;
  parsed?: ParsedHeader;
  /** Why it is refused. */
  error?: string;
}

function readBySockact(bytes: Buffer): Reading {
  try {
    const parsed = parseProxyHeader(bytes);
    if (parsed === undefined) return { says: "refused" };
    const { source, family } = parsed.header;
    const isClear = (family === "ipv4" || family === "ipv6") && bytes.subarray(parsed.length).equals(REQUEST);
    // HAProxy prints no port 0.
    return { parsed, says: isClear && source ? `${source.address} ${source.port || ""}` : "served" };
  } catch (error) {
    return { says: "refused", error: (error as Error).message };
  }
}

/**
 * Whether this is one of the known differences to HAProxy 3.0. In each, the specification is on the side of
 * sockact.
 */
function isKnownDifference(bytes: Buffer, { says, parsed, error }: Reading, haproxy: string): boolean {
  if (haproxy === "refused" && parsed) {
    const { version, family, command } = parsed.header;
    // It accepts UNKNOWN only without addresses.
    if (version === 1) return family === "unknown";
    // It takes LOCAL only with a valid rest, and refuses a connection without addresses, or with those of
    // unix sockets.
    return command === "local" || [FAMILY.unspec, FAMILY.unix].includes(bytes.readUInt8(13));
  }
  // In version 1, it also reads numbers that are too large or begin with 0.
  return says === "refused" && /^The PROXY header has (a port|an address) that is not /.test(error ?? "");
}

/** The same for HAProxy, as its answer shows it. */
async function haproxySays(address: string, bytes: Buffer): Promise<string> {
  const socket = openConnection(address);
  let answer = "";
  socket.setEncoding("latin1").on("data", (text: string) => (answer += text));
  socket.on("error", () => {});
  socket.end(bytes);
  await new Promise((resolve) => socket.on("close", resolve));
  const [, body] = answer.split("\r\n\r\n");
  if (answer === "") return "refused";
  return /^[0-9a-f.:]+ \d*$/.test(body ?? "") ? (body as string) : "served";
}
