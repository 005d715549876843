// The configurations of docs/load-balancers.md and docs/many-hosts.md: what an app knows about a client behind a load balancer.
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import {
  type AppProcess,
  atEnd,
  certificateOf,
  closeAll,
  DEADLINE,
  describeWith,
  freeAddress,
  rawSocket,
  startProcess,
  startWithFds,
} from "@sockact/testkit";

const opened: number[] = [];
afterAll(() => closeAll(opened));

async function startApp(env: Record<string, string>): Promise<[AppProcess, string]> {
  const address = await freeAddress("tcp4");
  const fd = rawSocket("ipv4", "stream", { bound: address, listening: true });
  opened.push(fd);
  const program = fileURLToPath(new URL("apps/behind-balancer.mjs", import.meta.url));
  return [startWithFds([fd], [process.execPath, program], { names: ["web"], env }), address];
}

/** A folder with the configuration, in which these texts are replaced. */
function writeConfig(file: string, replacements: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "sockact-test-balancer-"));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  let text = readFileSync(new URL(file, import.meta.url), "utf8");
  for (const [from, to] of Object.entries(replacements)) {
    expect(text).toContain(from);
    text = text.replace(from, to);
  }
  writeFileSync(join(folder, "config"), text);
  return folder;
}

/** What a client writes that wants to be somebody else. */
const forged = {
  host: "shop.example",
  "x-forwarded-for": "6.6.6.6",
  "x-forwarded-proto": "gopher",
  "x-forwarded-host": "evil.example",
};

interface Answer {
  status: number | undefined;
  location?: string | undefined;
  body?: unknown;
}

/** Makes a request. Until the balancer listens, it tries again. */
async function ask(url: string, headers: Record<string, string>): Promise<Answer> {
  const deadline = Date.now() + DEADLINE;
  for (;;) {
    try {
      return await askOnce(url, headers);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ECONNREFUSED" || Date.now() > deadline) throw error;
    }
  }
}

async function askOnce(url: string, headers: Record<string, string>): Promise<Answer> {
  const options = { headers, agent: false, rejectUnauthorized: false };
  const request = url.startsWith("https:") ? requestHttps(url, options) : requestHttp(url, options);
  request.end();
  const signal = AbortSignal.timeout(DEADLINE);
  const [response] = await Promise.race([
    once(request, "response", { signal }),
    once(request, "upgrade", { signal }),
  ]);
  const { statusCode: status } = response;
  if (status !== 200) {
    response.destroy();
    return { status, location: response.headers.location };
  }
  return { status, body: JSON.parse((await response.setEncoding("utf8").toArray()).join("")) };
}

describeWith({ commands: ["haproxy", "nginx"] }, "an Express app", () => {
  test("knows that its client uses HTTPS, if TLS ends at HAProxy, and no client can pretend to be another", async () => {
    const [app, host] = await startApp({ TRUST_PROXY: "1", SOCKACT_PROXY_PROTOCOL: "web:127.0.0.1" });
    await using _app = app;
    const [http, https] = [await freeAddress("tcp4"), await freeAddress("tcp4")];
    const { key, cert } = certificateOf("localhost");
    const pem = join(mkdtempSync(join(tmpdir(), "sockact-test-balancer-")), "fleet.pem");
    atEnd(() => rmSync(join(pem, ".."), { recursive: true, force: true }));
    writeFileSync(pem, readFileSync(cert, "utf8") + readFileSync(key, "utf8"));
    const folder = writeConfig("programs/haproxy-tls.cfg", {
      ":80": http,
      ":443": https,
      "10.77.0.11:8080 send-proxy-v2": `${host} send-proxy-v2-ssl`,
      "/etc/haproxy/fleet.pem": pem,
    });
    await using _haproxy = startProcess(["haproxy", "-db", "-f", join(folder, "config")]);
    expect(await ask(`https://${https}/`, forged)).toEqual({
      status: 200,
      body: { ip: "127.0.0.1", protocol: "https", secure: true, hostname: "shop.example" },
    });
    expect(await ask(`https://${https}/header`, {})).toEqual({ status: 200, body: true });
    expect(await ask(`http://${http}/`, forged)).toEqual({ status: 308, location: "https://shop.example/" });
  });

  test("knows its client and its host name behind nginx, and serves a WebSocket", async () => {
    const [app, host] = await startApp({ TRUST_PROXY: "127.0.0.1" });
    await using _app = app;
    const address = await freeAddress("tcp4");
    const folder = writeConfig("../../core/test/programs/health-nginx.conf", {
      "listen 80": `listen ${address}`,
      "10.0.0.11:8080": host,
      "10.0.0.12:8080": `${host} down`,
    });
    const options = `daemon off; master_process off; pid ${folder}/pid;`;
    await using _nginx = startProcess(["nginx", "-p", folder, "-c", join(folder, "config"), "-g", options]);
    expect(await ask(`http://${address}/`, forged)).toEqual({
      status: 200,
      body: { ip: "127.0.0.1", protocol: "http", secure: false, hostname: "shop.example" },
    });
    const upgrade = { ...forged, connection: "upgrade", upgrade: "websocket" };
    expect(await ask(`http://${address}/`, upgrade)).toMatchObject({ status: 101 });
  });
});
