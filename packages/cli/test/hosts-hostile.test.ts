import { fileURLToPath } from "node:url";
import { describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { forged } from "./hostile/forged.ts";
import { attacks, hostless, pairs } from "./hostile/http1.ts";
import { bytesOf, requests as http2 } from "./hostile/http2.ts";
import { useMachine } from "./machine.ts";

const program = (name: string) => fileURLToPath(new URL(`programs/${name}`, import.meta.url));

/** The apps, each with a framework. The others trust a proxy by the setting of their framework too. */
const names = ["shop", "blog", "wiki", "shop-trusting", "blog-trusting", "wiki-trusting"];
const hostOf = (name: string) => `${name}.example.com`;

/** A request as an app saw it. */
interface Seen {
  method: string;
  url: string;
  ip: string;
  protocol: string;
  host: string;
  connection: number;
  headers: string[];
  body: string;
  isUpgrade?: true;
}

describeWith(
  { privateSystemd: true, systemd: 253, commands: ["caddy", "nginx", "curl", "openssl"], tags: "campaign" },
  "hostile clients of host names",
  () => {
    const machine = useMachine();
    let systemd: PrivateSystemd;

    beforeAll(async () => {
      ({ systemd } = machine);
      await systemd.mustRun(["mkdir", "/srv/apps"]);
      const packages = ["express", "koa", "fastify"].flatMap((name) => [name, `@sockact/${name}`]);
      machine.packed.install(systemd.hostPath("/srv/apps"), packages);
      const app = systemd.inside(program("recording-app.cjs"));
      for (const name of names) await systemd.mustRun(["cp", app, `/srv/apps/${name}.cjs`]);
      await systemd.write("/etc/caddy/Caddyfile", "{\n\tlocal_certs\n\tskip_install_trust\n}\n");
      const folder = "/etc/letsencrypt/live/all";
      const hosts = names.map((name) => `DNS:${hostOf(name)}`).join(",");
      await systemd.mustRun([
        "sh",
        "-ec",
        `mkdir -p /var/log/nginx /var/lib/nginx /var/lib/caddy ${folder}
        chown caddy:caddy /var/lib/caddy
        rm /etc/nginx/sites-enabled/default
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=all -addext subjectAltName=${hosts} \
        -keyout ${folder}/privkey.pem -out ${folder}/fullchain.pem`,
      ]);
    }, 60_000);

    describe.each(["caddy", "nginx"] as const)("with %s", (proxy) => {
      beforeAll(async () => {
        await systemd.start(`${proxy}.service`);
        for (const name of names) {
          const args = ["install", `${name}.cjs`, "--name", name, "--host", hostOf(name), "--yes"];
          const { code, stderr } = await machine.call("/srv/apps", args);
          if (code !== 0) throw new Error(stderr);
        }
      }, 120_000);
      afterAll(async () => {
        for (const name of names) await machine.uninstall(name);
        await systemd.stop(`${proxy}.service`);
      }, 60_000);

      /** Sends texts, each on its own connection, and returns the requests that each app saw. */
      async function send(
        name: string,
        texts: readonly string[],
        { protocol = "http/1.1", address = "127.0.0.1" } = {},
      ): Promise<Record<string, Seen[]>> {
        await Promise.all(names.map(records));
        const input = JSON.stringify({ servername: hostOf(name), protocol, address, texts });
        const client = systemd.inside(program("raw-client.mjs"));
        await systemd.mustRun([systemd.node, client], { input });
        const seen = await Promise.all(names.map(async (app) => [app, await records(app)] as const));
        return Object.fromEntries(seen);
      }

      async function records(name: string): Promise<Seen[]> {
        const request = { url: "http://localhost/records", socketPath: `/run/${name}.sock` };
        return JSON.parse((await systemd.request(request)).body) as Seen[];
      }

      describe.each(names)("%s", (name) => {
        const other = names[(names.indexOf(name) + 1) % names.length]!;
        const fill = (text: string, at: number) =>
          text
            .replaceAll("OTHER", hostOf(other))
            .replaceAll("HOST", hostOf(name))
            .replaceAll("UPPER", hostOf(name).toUpperCase())
            .replaceAll("/first", `/first-${at}-`);
        const fillAll = (texts: Readonly<Record<string, string>>) => Object.values(texts).map(fill);
        /** The numbers of the texts of which the app saw the first request. */
        const numbersIn = (seen: readonly Seen[]) =>
          seen
            .flatMap(({ url }) => /first-(\d+)-/.exec(url)?.[1] ?? [])
            .map(Number)
            .toSorted((one, two) => one - two);

        describe.skipIf(name.endsWith("trusting"))("smuggling", () => {
          test.each(Object.entries(attacks))("%s", async (_, texts) => {
            expect(faultsIn(await send(name, fillAll(texts)))).toEqual([]);
          });

          test("a second request is seen as such, or not at all", async () => {
            const seen = await send(name, fillAll(pairs));
            expect(faultsIn(seen)).toEqual([]);
            expect(numbersIn(seen[name]!).length).toBeGreaterThan(10);
          });

          test("no app sees a request without its host name", async () => {
            const seen = await send(name, fillAll(hostless));
            expect(Object.values(seen).flat()).toEqual([]);
          });

          test("HTTP/2", async () => {
            const texts = Object.values(http2).map((one, at) => bytesOf(one, (text) => fill(text, at)));
            const seen = await send(name, texts, { protocol: "h2" });
            expect(faultsIn(seen)).toEqual([]);
            // HTTP/2 has no upgrades, and nginx would pass the bytes of the app on as broken frames.
            expect(seen[name]!.filter(({ isUpgrade }) => isUpgrade)).toEqual([]);
            expect(numbersIn(seen[name]!)).toContain(0);
          });
        });

        describe("forged headers", () => {
          const sets = Object.values(forged).map((headers) =>
            headers.map(([header, value]) => [header, fill(value, 0)] as const),
          );
          const texts = (more = "Connection: close\r\n") =>
            sets.map((headers, at) => {
              const lines = headers.map(([header, value]) => `${header}: ${value}\r\n`).join("");
              return `GET /first-${at}- HTTP/1.1\r\nHost: ${hostOf(name)}\r\n${lines}${more}\r\n`;
            });
          /** All requests have to arrive, with what the proxy wrote. */
          const all = (ip = "127.0.0.1") =>
            [...sets.keys()].map((at) => ({
              url: `/first-${at}-`,
              "x-forwarded-for": ip,
              "x-forwarded-proto": "https",
              "x-forwarded-host": hostOf(name),
              "x-real-ip": ip,
            }));
          const sorted = (seen: readonly Seen[]) =>
            seen
              .map(({ url, headers }) => ({ url, ...ofProxy(headers) }))
              .toSorted((one, two) => one.url.localeCompare(two.url, "en", { numeric: true }));

          test.each(["127.0.0.1", "::1"])("over HTTP/1.1, from %s", async (address) => {
            const seen = await send(name, texts(), { address });
            expect(faultsIn(seen, address)).toEqual([]);
            expect(sorted(seen[name]!)).toEqual(all(address));
          });

          test("in upgrades", async () => {
            const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
            const seen = await send(name, texts(`${upgrade}Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n`));
            expect(faultsIn(seen)).toEqual([]);
            expect(sorted(seen[name]!)).toEqual(all());
          });

          test("over HTTP/2", async () => {
            const bytes = sets.map((headers, at) =>
              bytesOf({
                pseudo: [
                  [":method", "GET"],
                  [":authority", hostOf(name)],
                  [":path", `/first-${at}-`],
                ],
                headers: headers
                  .filter(([header]) => header !== "Connection")
                  .map(([header, value]) => [header.toLowerCase(), value]),
              }),
            );
            const seen = await send(name, bytes, { protocol: "h2" });
            expect(faultsIn(seen)).toEqual([]);
            expect(sorted(seen[name]!)).toEqual(all());
          });
        });
      });
    });
  },
);

/** The requests that no app may see: what only the app has found, or what it believes of a client. */
function faultsIn(seen: Readonly<Record<string, readonly Seen[]>>, address = "127.0.0.1"): object[] {
  return Object.entries(seen).flatMap(([app, requests]) =>
    requests.flatMap(({ url, host, ip, protocol, connection }, at) => {
      // The proxies use a connection once. So the app has found a second request in the first one.
      const isSecond = requests.slice(0, at).some((earlier) => earlier.connection === connection);
      const isRight = host.toLowerCase() === hostOf(app) && ip === address && protocol === "https";
      return isSecond || !isRight || url.includes("smuggled")
        ? [{ app, url, host, ip, protocol, isSecond }]
        : [];
    }),
  );
}

/** The headers in which a proxy tells about its client, each with all of its lines. */
function ofProxy(rawHeaders: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!.toLowerCase();
    if (/^(?:x-forwarded-(?:for|proto|host)|x-real-ip|forwarded)$/.test(name))
      found[name] = [found[name], rawHeaders[at + 1]!].filter((value) => value !== undefined).join(" | ");
  }
  return found;
}
