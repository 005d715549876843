import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describeWith, type PrivateSystemd } from "@sockact/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { server, useMachine } from "./machine.ts";
import { DOWNLOAD, downloading, replaceCaddy } from "./newer-caddy.ts";

const page = fileURLToPath(new URL("../../../docs/hosts.md", import.meta.url));

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
const forged = [
  "X-Forwarded-For: 6.6.6.6",
  "X-Forwarded-Proto: gopher",
  "X-Forwarded-Host: evil.example",
  "X-Real-IP: 6.6.6.6",
  "Forwarded: for=6.6.6.6;proto=gopher;host=evil.example",
].flatMap((header) => ["--header", header]);

const caddyfile = `{
	local_certs
	skip_install_trust
}
taken.example.com {
	respond "of another"
}
`;

const commands = ["caddy", "nginx", "curl", "openssl"];

describeWith({ privateSystemd: true, systemd: 253, commands }, "sockact install --host", () => tests());
describeWith(
  { privateSystemd: true, systemd: 253, commands: [...commands, ...downloading], tags: "campaign" },
  "sockact install --host with the newest Caddy",
  () => tests({ isNewest: true }),
);

function tests({ isNewest = false } = {}): void {
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
  const host = (name: string) => `${name}.example.com`;
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

  const everything = async () => ({
    caddyfile: await systemd.mustRun(["cat", "/etc/caddy/Caddyfile"]),
    files: await systemd.mustRun([
      "find",
      "/etc/caddy",
      "/etc/nginx/conf.d",
      "/etc/nginx/sites-enabled",
      "/etc/systemd/system",
    ]),
  });

  describe.each(isNewest ? (["caddy"] as const) : (["caddy", "nginx"] as const))("with %s", (proxy) => {
    const scheme = proxy === "caddy" ? "https" : "http";
    const unit = `${proxy}.service`;
    const site = proxy === "caddy" ? "/etc/caddy/sockact/shop.caddy" : "/etc/nginx/conf.d/sockact-shop.conf";
    const foreign = proxy === "caddy" ? "/etc/caddy/Caddyfile" : "/etc/nginx/conf.d/foreign.conf";
    let before: Awaited<ReturnType<typeof everything>>;

    test("that does not run, or is not alone, nothing is installed", async () => {
      before = await everything();
      const none = await install("shop", "--host", host("shop"), "--proxy", proxy);
      expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining(`${unit} does not run`) });
      await systemd.start(unit);
      const unclear = await install("shop", "--host", host("shop"), "--proxy", proxy, "--listen", "80");
      expect(unclear).toMatchObject({ code: 2, stderr: expect.stringContaining("one unix socket") });
      expect(await everything()).toEqual(before);
    });

    test("whose configuration is broken, nothing of it is touched", async () => {
      const old = proxy === "caddy" ? caddyfile : `server { listen 80; server_name taken.example.com; }\n`;
      await systemd.write(foreign, `${old}nonsense {\n`);
      const { code, stderr } = await install("shop", "--host", host("shop"));
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringMatching(/configuration of (?:Caddy|nginx) is not valid/),
      });
      await systemd.write(foreign, old);
      if (proxy === "nginx") await systemd.systemctl("reload", unit);
      before = await everything();
    });

    test("that has the host name already, the other site is named", async () => {
      const { code, stderr } = await install("shop", "--host", "taken.example.com");
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringContaining(`${foreign} has a site for taken.example.com already`),
      });
      const unstarted = await install("shop", "--host", host("shop"), "--no-start");
      expect(unstarted).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("--no-start can't be used"),
      });
      const shown = await install("shop", "--host", host("shop"), "--dry-run");
      expect(shown).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(`# ${site}\n[^]*/run/shop\\.sock`),
      });
      expect(await everything()).toEqual(before);
    });

    test("an app that does not start is not installed, and the proxy serves as before", async () => {
      const { code, stderr } = await install("broken", "--host", host("broken"));
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("no database") });
      expect(await everything()).toEqual(before);
      expect(await systemd.show(unit, "ActiveState")).toBe("active");
    });

    test(
      "each framework sees the client of the proxy, and no forged header counts",
      { timeout: 120_000 },
      async () => {
        for (const name of ["shop", "blog", "wiki", "plain"]) {
          const more = name === "shop" ? ["--host", "www.example.com", "--idle-timeout", "3s"] : [];
          const result = await install(name, "--host", host(name), ...more);
          expect({ name, ...result }).toMatchObject({
            name,
            code: 0,
            stdout: expect.stringContaining(`http://${host(name)}/ answers`),
          });
          expect(await known(`${scheme}://${host(name)}/`, ...forged)).toMatchObject({
            ip: "127.0.0.1",
            protocol: scheme,
            host: host(name),
          });
        }
        expect(await known(`${scheme}://www.example.com/`)).toMatchObject({ host: "www.example.com" });
        const mode = await systemd.mustRun(["stat", "--format=%a %U %G", "/run/shop.sock"]);
        expect(mode).toBe("660 root www-data\n");
      },
    );

    test("uploads and WebSockets reach the app", async () => {
      await systemd.mustRun(["sh", "-c", "head -c 3000000 /dev/zero > /run/upload"]);
      const url = `${scheme}://${host("plain")}/`;
      expect(await known(url, "--data-binary", "@/run/upload")).toMatchObject({ bytes: 3_000_000 });
      const headers = [
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
      ];
      const upgraded = await ask(
        url,
        "--http1.1",
        "--include",
        "--max-time",
        "5",
        ...forged,
        ...headers.flatMap((header) => ["--header", header]),
      );
      expect(upgraded).toMatch(/^HTTP\/1.1 101 [^]*127\.0\.0\.1$/);
    });

    test.each(isNewest ? ["--http2", "--http3-only"] : [])(
      "%s shows the client, and no forged header counts",
      async (version) => {
        for (const name of ["shop", "blog", "wiki", "plain"])
          expect({ name, ...(await known(`https://${host(name)}/`, version, ...forged)) }).toMatchObject({
            name,
            ip: "127.0.0.1",
            protocol: "https",
          });
      },
    );

    test.each(isNewest ? [unit] : [])("a WebSocket stays open over a reload of %s", async () => {
      const head = [
        "GET /echo HTTP/1.1",
        `Host: ${host("plain")}`,
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
      ];
      const to = { host: "127.0.0.1", port: 443, servername: host("plain"), rejectUnauthorized: false };
      const script = `const socket = require("node:tls").connect(${JSON.stringify(to)});
          socket.write(${JSON.stringify(`${head.join("\r\n")}\r\n\r\n`)});
          socket.pipe(process.stdout);
          process.stdin.pipe(socket);`;
      const client = systemd.spawn([systemd.node, "--eval", script]);
      let received = "";
      client.stdout!.on("data", (chunk: Buffer) => (received += String(chunk)));
      const seen = (text: string) => expect.poll(() => received).toContain(text);
      await seen(" 101 ");
      await systemd.systemctl("reload", unit);
      client.stdin!.write("after the reload");
      await seen("after the reload");
      client.kill();
    });

    test("a sleeping app answers 20 requests at once by one process", { timeout: 60_000 }, async () => {
      await systemd.waitForUnit("shop.service", "ActiveState", "inactive", 30_000);
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => known(`${scheme}://${host("shop")}/`)),
      );
      expect(new Set(answers.map(({ pid }) => pid)).size).toBe(1);
    });

    test("an app that crashes gives a page that says nothing about it", async () => {
      const crashed = await ask(
        `${scheme}://${host("shop")}/crash`,
        "--include",
        "--retry",
        "0",
        "--http1.1",
      );
      expect(crashed).toMatch(
        /^HTTP\/1.1 503 [^]*This site is not available at the moment\. Please try again in a minute\.\s*$/,
      );
    });

    test("the same installation changes nothing, and another app can't have the host name", async () => {
      const again = await install("blog", "--host", host("blog"));
      expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing has changed") });
      const other = await install("wiki", "--host", host("blog"));
      expect(other).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("is a host name of the service blog already"),
      });
    });

    test("an edited site is not replaced, and the doctor tells", async () => {
      const text = await systemd.mustRun(["cat", site]);
      await systemd.write(site, `${text}# mine\n`);
      const refused = await install("shop", "--host", host("shop"));
      expect(refused).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(`${site} was edited after sockact wrote it`),
      });
      const { stdout } = await call("/", ["doctor", "shop", "--json"]);
      expect(stdout).toContain(`${site} has changed since sockact installed it.`);
      await systemd.mustRun(["rm", site]);
      expect((await call("/", ["doctor", "shop", "--json"])).stdout).toContain(`${site} is missing since`);
      await systemd.write(site, text);
    });

    test(
      "an installation without host names, and an uninstallation, leave the proxy as it was",
      { timeout: 60_000 },
      async () => {
        const dropped = await install("wiki", "--listen", "8081");
        expect(dropped).toMatchObject({ code: 0 });
        expect((await everything()).files).not.toContain("wiki.c");
        for (const name of ["shop", "blog", "wiki", "plain"])
          expect(await uninstall(name)).toMatchObject({ code: 0 });
        expect(await everything()).toEqual(before);
        await systemd.stop(unit);
      },
    );
  });

  test(
    "a config has the host names, and its units are the same every time",
    { timeout: 60_000 },
    async () => {
      await systemd.start("caddy.service");
      const config = {
        name: "shop",
        exec: ["node", "../apps/shop.cjs"],
        type: "notify-reload",
        hosts: [host("shop")],
        sockets: [{ listen: "/run/shop.sock" }],
      };
      await systemd.write("/srv/config/sockact.config.json", JSON.stringify(config));
      expect(await call("/srv/config", ["install", "--yes"])).toMatchObject({ code: 0 });
      expect(await known(`https://${host("shop")}/`, ...forged)).toMatchObject({
        ip: "127.0.0.1",
        protocol: "https",
      });
      expect((await call("/", ["status", "shop"])).stdout).toMatch(
        /^ *Hosts +shop\.example\.com by caddy, certificate: 1\d h, Caddy Local Authority\n[^]*^ *\/etc\/caddy\/sockact\/shop\.caddy$/m,
      );
      expect((await call("/", ["hosts"])).stdout).toMatch(
        /^shop\.example\.com +shop +awake +(?:now|awake for \d+ s) +1\d h, Caddy Local Authority +caddy$/m,
      );
      expect(await call("/srv/config", ["units", "--diff"])).toMatchObject({ code: 0 });
      expect((await call("/srv/config", ["doctor", "shop"])).stdout).not.toContain("does not match");
      await systemd.write(
        "/srv/config/sockact.config.json",
        JSON.stringify({ ...config, sockets: [{ listen: 80 }] }),
      );
      expect(await call("/srv/config", ["install", "--yes"])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("one unix socket"),
      });
      await uninstall("shop");
      await systemd.stop("caddy.service");
    },
  );

  test("a certificate of certbot gives https, and http redirects to it", { timeout: 60_000 }, async () => {
    await systemd.mustRun(["rm", "-f", "/etc/nginx/conf.d/foreign.conf"]);
    // Without it, the site of the app is the first one of nginx.
    await systemd.mustRun(["rm", "/etc/nginx/sites-enabled/default"]);
    await systemd.start("nginx.service");
    const folder = `/etc/letsencrypt/live/${host("shop")}`;
    const certificate = `mkdir -p ${folder} && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=shop \
      -addext subjectAltName=DNS:${host("shop")} -keyout ${folder}/privkey.pem -out ${folder}/fullchain.pem`;
    await systemd.mustRun(["sh", "-ec", certificate]);
    const { stdout, code } = await install("shop", "--host", host("shop"), "--host", "www.example.com");
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringContaining(`answers 308 Permanent Redirect to https://${host("shop")}/`),
    });
    expect(await known(`https://${host("shop")}/`, ...forged)).toMatchObject({
      ip: "127.0.0.1",
      protocol: "https",
    });
    expect(await known("http://www.example.com/")).toMatchObject({ protocol: "http" });
    expect(await ask(`https://${host("shop")}/`, "--http2", "--head")).toMatch(/^HTTP\/2 200/);
    for (const url of ["http://unknown.example.com/", "https://unknown.example.com/"])
      await expect(ask(url, "--retry", "0")).rejects.toThrow(/exited with (?:52|92|56)/);
    await uninstall("shop");
  });

  test(
    "a site of somebody else's is replaced and brought back without an interruption",
    { timeout: 90_000 },
    async () => {
      const name = "old.example.com";
      const file = "/etc/nginx/sites-enabled/old";
      await systemd.write(file, `server { listen 80; server_name ${name} _; return 200 old; }\n`);
      await systemd.systemctl("reload", "nginx.service");
      const { stderr } = await install("plain", "--host", name);
      const [, away = "", again] = /^ *sudo (mv .*?) && (.*)$/m.exec(stderr) ?? [];
      const [, back = ""] =
        /go back at once: sudo (mv .*?) && sudo systemctl reload nginx$/m.exec(stderr) ?? [];
      expect({ away, again, back }).toEqual({
        away: `mv ${file} /etc/nginx/old.old`,
        again: expect.stringMatching(`npx sockact install plain.cjs --name plain --yes --host ${name}$`),
        back: `mv /etc/nginx/old.old ${file}`,
      });

      const answers: string[] = [];
      let isOver = false;
      const client = async () => {
        while (!isOver) {
          const { status, body } = await systemd.request({
            url: "http://127.0.0.1/",
            headers: { host: name },
          });
          answers.push(status === 200 ? (body === "old" ? "old" : "new") : `${status} ${body}`);
        }
      };
      const load = Promise.all([client(), client(), client()]);
      await systemd.mustRun(away.split(" "));
      // Its failure leaves nginx as it is, which still serves the old site.
      expect(await install("broken", "--host", name)).toMatchObject({ code: 1 });
      expect(await ask(`http://${name}/`)).toBe("old");
      expect(await install("plain", "--host", name)).toMatchObject({ code: 0 });
      expect(await known(`http://${name}/`)).toMatchObject({ host: name });
      await systemd.mustRun(back.split(" "));
      expect(await uninstall("plain")).toMatchObject({
        code: 0,
        stdout: expect.stringContaining("Removed:\n  /etc/systemd/system/plain.socket"),
      });
      expect(await ask(`http://${name}/`)).toBe("old");
      isOver = true;
      await load;
      expect([...new Set(answers)].toSorted()).toEqual(["new", "old"]);
      await systemd.mustRun(["rm", file]);
    },
  );

  test("data moves while clients wait, as docs/hosts.md tells", { timeout: 90_000 }, async () => {
    const name = "data.example.com";
    const line = /^ExecStartPre=.*old-shop.*$/m.exec(readFileSync(page, "utf8"))![0];
    const dropIn = "/etc/systemd/system/plain.service.d/move.conf";
    const file = "/etc/nginx/sites-enabled/data";
    await systemd.mustRun(["sh", "-c", "mkdir -p /srv/old/data; echo kept > /srv/old/data/kept"]);
    await systemd.write("/srv/apps/old.cjs", server('"old"').replace("3000", "4000"));
    await systemd.installUnits({
      "old-shop.service": `[Service]\nExecStart=${systemd.node} /srv/apps/old.cjs
ExecStartPost=curl --silent --retry 50 --retry-connrefused --retry-delay 1 http://localhost:4000/\n`,
    });
    await systemd.start("old-shop.service");
    const site = `server { listen 80; server_name ${name}; location / { proxy_pass http://127.0.0.1:4000; } }\n`;
    await systemd.write(file, site);
    await systemd.systemctl("reload", "nginx.service");
    await systemd.write(dropIn, `[Service]\n${line.replaceAll("/var/lib/shop/", "/var/lib/plain/")}\n`);

    const answers: string[] = [];
    let isOver = false;
    const client = async () => {
      while (!isOver) {
        const { status, body } = await systemd.request({
          url: "http://127.0.0.1/",
          headers: { host: name },
        });
        answers.push(status === 200 ? (body === "old" ? "old" : "new") : `${status} ${body}`);
      }
    };
    const load = Promise.all([client(), client(), client()]);
    await systemd.mustRun(["mv", file, "/etc/nginx/data.old"]);
    expect(await install("plain", "--host", name, "--no-request")).toMatchObject({ code: 0 });
    expect(await known(`http://${name}/`)).toMatchObject({ host: name });
    isOver = true;
    await load;
    expect([...new Set(answers)].toSorted()).toEqual(["new", "old"]);
    expect(await systemd.show("old-shop.service", "ActiveState")).not.toBe("active");
    expect(await systemd.mustRun(["cat", "/var/lib/plain/data/kept"])).toBe("kept\n");
    await uninstall("plain");
    await systemd.mustRun(["rm", "-r", "/etc/systemd/system/plain.service.d"]);
  });

  test("a file with other sites is not moved away", async () => {
    const file = "/etc/nginx/conf.d/both.conf";
    await systemd.write(file, `server { listen 80; server_name a.example.com b.example.com; }\n`);
    const { stderr } = await install("plain", "--host", "a.example.com");
    expect(stderr).toContain("name them as well: --host b.example.com");
    await systemd.mustRun(["rm", file]);
  });
}
