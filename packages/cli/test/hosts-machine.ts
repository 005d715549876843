// Apps of each framework on a machine with Caddy and nginx, and how the tests of host names use them.
import type { PrivateSystemd } from "@sockact/testkit";
import { beforeAll } from "vitest";
import { useMachine } from "./machine.ts";
import { DOWNLOAD, replaceCaddy } from "./newer-caddy.ts";

/** What an app knows about a request. */
interface Known {
  ip: string;
  protocol: string;
  host: string;
  pid: number;
}

/** The same app in each framework, without any setting for a proxy. */
const apps = {
  "shop.cjs": `const app = require("express")();
app.use(require("@sockact/express").systemdListen());
app.get("/crash", () => process.exit(1));
app.get("/", (req, res) => res.json({ ip: req.ip, protocol: req.protocol, host: req.hostname, pid: process.pid }));
app.listen(3000);
`,
  "blog.cjs": `const Koa = require("koa");
const app = new Koa();
app.use(require("@sockact/koa").systemdListen());
app.use((ctx) => { ctx.body = { ip: ctx.ip, protocol: ctx.protocol, host: ctx.hostname, pid: process.pid }; });
app.listen(3000);
`,
  "wiki.cjs": `const app = require("fastify")();
app.register(require("@sockact/fastify").systemdListen);
app.get("/", async (request) => ({ ip: request.ip, protocol: request.protocol, host: request.hostname, pid: process.pid }));
app.listen({ port: 3000 });
`,
  "plain.cjs": `const server = require("http").createServer(async (request, response) => {
  let bytes = 0;
  for await (const chunk of request) bytes += chunk.length;
  const { remoteAddress: ip, encrypted } = request.socket;
  response.end(JSON.stringify({ ip, protocol: encrypted ? "https" : "http", host: request.headers.host, pid: process.pid, bytes }));
});
server.on("upgrade", (request, socket) => {
  if (request.url === "/echo") {
    socket.write("HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\\r\\n");
    return socket.pipe(socket);
  }
  socket.end("HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\\r\\n" + request.socket.remoteAddress);
});
server.listen(3000);
`,
  "broken.cjs": `throw new Error("no database");\n`,
};

/** What a client writes that wants to be somebody else. */
export const forged = [
  "X-Forwarded-For: 6.6.6.6",
  "X-Forwarded-Proto: gopher",
  "X-Forwarded-Host: evil.example",
  "X-Real-IP: 6.6.6.6",
  "Forwarded: for=6.6.6.6;proto=gopher;host=evil.example",
].flatMap((header) => ["--header", header]);

export const caddyfile = `{
	local_certs
	skip_install_trust
}
taken.example.com {
	respond "of another"
}
`;

export const host = (name: string): string => `${name}.example.com`;

/** Boots the machine for the tests of this suite. */
export function useHosts({ isNewest = false } = {}) {
  const machine = useMachine();
  const { call } = machine;
  let systemd: PrivateSystemd;

  beforeAll(async () => {
    ({ systemd } = machine);
    await systemd.mustRun(["mkdir", "/srv/apps"]);
    machine.packed.install(
      systemd.hostPath("/srv/apps"),
      ["express", "koa", "fastify"].flatMap((name) => [name, `@sockact/${name}`]),
    );
    for (const [name, text] of Object.entries(apps)) await systemd.write(`/srv/apps/${name}`, text);
    const folders = `mkdir -p /var/log/nginx /var/lib/nginx /var/lib/caddy && chown caddy:caddy /var/lib/caddy
      echo '<p>nginx' > /run/index.html
      sed -i 's|root /var/www/html|root /run|' /etc/nginx/sites-available/default`;
    await systemd.mustRun(["sh", "-ec", folders]);
    await systemd.write("/etc/caddy/Caddyfile", caddyfile);
    if (isNewest) await replaceCaddy(systemd);
  }, DOWNLOAD);

  const install = (name: string, ...args: string[]) =>
    call("/srv/apps", ["install", `${name}.cjs`, "--name", name, "--yes", ...args]);
  const uninstall = (name: string) => call("/srv/apps", ["uninstall", name, "--yes"]);

  /** A request to the proxy. */
  async function ask(url: string, ...args: string[]): Promise<string> {
    const { hostname, port, protocol } = new URL(url);
    const at = `${hostname}:${port || (protocol === "https:" ? 443 : 80)}:127.0.0.1`;
    // Caddy gets a certificate after its reload.
    const retry = ["--retry", "30", "--retry-all-errors", "--retry-delay", "1", "--retry-max-time", "20"];
    const wait = protocol === "https:" ? retry : [];
    return systemd.mustRun(["curl", "--silent", "--insecure", "--resolve", at, ...wait, ...args, url], {
      timeout: 90_000,
    });
  }
  const known = async (url: string, ...args: string[]) => JSON.parse(await ask(url, ...args)) as Known;

  return {
    get systemd(): PrivateSystemd {
      return systemd;
    },
    call,
    install,
    uninstall,
    ask,
    known,
  };
}
