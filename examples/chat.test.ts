// A browser with the chat, behind nginx and behind Caddy, while it is deployed.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { connectInside, type PrivateSystemd } from "@sockact/testkit";
import { expect, onTestFinished } from "vitest";
import { browserCommand, launchBrowser } from "../docs/test/lib/browser.ts";
import { examples } from "./lib/readme.ts";
import { testExamples } from "./lib/test-examples.ts";

const host = "chat.example.com";
/** The ports of the proxies. On one machine, only one of them can have port 443. */
const ports = { nginx: 443, caddy: 8443 };
const DEPLOYMENTS = 5;

const read = (file: string): string => readFileSync(join(examples, "chat", file), "utf8");

/** Starts both proxies with the files of the example. Caddy gets its certificate from itself. */
async function startProxies(systemd: PrivateSystemd): Promise<void> {
  const folder = `/etc/letsencrypt/live/${host}`;
  await systemd.mustRun([
    "sh",
    "-ec",
    `mkdir -p /var/log/nginx /var/lib/nginx /var/lib/caddy ${folder}
chown caddy:caddy /var/lib/caddy
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=${host} \
  -keyout ${folder}/privkey.pem -out ${folder}/fullchain.pem 2>/dev/null`,
  ]);
  await systemd.write(`/etc/nginx/conf.d/${host}.conf`, read("nginx.conf"));
  const options = "{\n\tlocal_certs\n\tskip_install_trust\n\tauto_https disable_redirects\n}\n";
  await systemd.write(
    "/etc/caddy/Caddyfile",
    options + read("Caddyfile").replace(host, `${host}:${ports.caddy}`),
  );
  await systemd.start("nginx.service", "caddy.service");
}

/** Listens outside, and connects each client to a port inside. Returns its port. */
async function forwarderTo(systemd: PrivateSystemd, port: number): Promise<number> {
  const server = createServer((client) => {
    const inside = connectInside(systemd, `127.0.0.1:${port}`);
    for (const socket of [client, inside]) socket.on("error", () => {});
    client.pipe(inside).pipe(client);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A browser that finds both proxies of a private systemd under the name of the host. */
async function browserFor(systemd: PrivateSystemd): ReturnType<typeof launchBrowser> {
  const rules = await Promise.all(
    Object.values(ports).map(
      async (port) => `MAP ${host}:${port} 127.0.0.1:${await forwarderTo(systemd, port)}`,
    ),
  );
  const browser = await launchBrowser([`--host-resolver-rules=${rules.join(",")}`, "--disable-quic"]);
  onTestFinished(() => browser.close());
  return browser;
}

type Page = Awaited<ReturnType<Awaited<ReturnType<typeof launchBrowser>>["newPage"]>>;

testExamples({
  chat: {
    commands: ["nginx", "caddy", "openssl", browserCommand],
    alone: {
      "serves its page": ({ shown }) => {
        expect(shown).toContain("<title>Chat</title>");
      },
    },
    prepare: startProxies,
    service: {
      "stays open behind nginx and Caddy while five versions are deployed, and has each message once":
        async ({ systemd, type }) => {
          const browser = await browserFor(systemd);
          const open = async (proxy: keyof typeof ports): Promise<Page> => {
            const page = await browser.newPage({ ignoreHTTPSErrors: true });
            await page.goto(`https://${host}:${ports[proxy]}/?name=${proxy}`);
            await page.getByRole("textbox").fill("hello");
            await page.getByRole("button").click();
            await page.getByRole("checkbox").check();
            return page;
          };
          const pages = { nginx: await open("nginx"), caddy: await open("caddy") };
          const first = Number(await type("cat version.txt"));
          const versions = Array.from({ length: DEPLOYMENTS + 1 }, (_, index) => first + index);
          for (const version of versions) {
            if (version > first) await type(`echo ${version} >version.txt; npx sockact reload example-chat`);
            for (const page of Object.values(pages)) {
              await page.getByText(`Version ${version} serves you.`).waitFor();
              for (const proxy of Object.keys(pages))
                await page
                  .getByText(new RegExp(`^${proxy}: \\w+ \\(version ${version}\\)$`))
                  .first()
                  .waitFor();
            }
          }
          for (const page of Object.values(pages)) await page.getByRole("checkbox").uncheck();
          const sent = {
            nginx: Number(await pages.nginx.locator("#sent").innerText()),
            caddy: Number(await pages.caddy.locator("#sent").innerText()),
          };
          for (const page of Object.values(pages))
            for (const [proxy, last] of Object.entries(sent))
              await page.getByText(`${proxy}: ${last} (version`).last().waitFor();
          const all = await pages.nginx.locator("li").allTextContents();
          expect(await pages.caddy.locator("li").allTextContents()).toEqual(all);
          for (const proxy of ["nginx", "caddy"] as const) {
            const own = all.filter((text) => text.startsWith(`${proxy}: `)).map((text) => text.split(" ")[1]);
            const numbers = Array.from({ length: sent[proxy] - 1 }, (_, index) => String(index + 2));
            expect(own).toEqual(["hello", ...numbers]);
            expect(await pages[proxy].locator("#reconnections").innerText()).toBe("0");
          }
        },
    },
  },
});
