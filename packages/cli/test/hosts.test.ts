import { describeWith, type PrivateSystemd } from "@sockact/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { caddyfile, forged, host, useHosts } from "./hosts-machine.ts";
import { downloading } from "./newer-caddy.ts";

const commands = ["caddy", "nginx", "curl", "openssl"];

describeWith({ privateSystemd: true, systemd: 253, commands }, "sockact install --host", () => tests());
describeWith(
  { privateSystemd: true, systemd: 253, commands: [...commands, ...downloading], tags: "campaign" },
  "sockact install --host with the newest Caddy",
  () => tests({ isNewest: true }),
);

function tests({ isNewest = false } = {}): void {
  const hosts = useHosts({ isNewest });
  const { call, install, uninstall, ask, known } = hosts;
  let systemd: PrivateSystemd;
  beforeAll(() => {
    ({ systemd } = hosts);
  });

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
      expect(`${shown.stdout}${shown.stderr}`).not.toContain("in the group");
      const asWeb = await install("shop", "--host", host("shop"), "--run-as", "www-data", "--dry-run");
      expect(`${asWeb.stdout}${asWeb.stderr}`).toContain("www-data is in the group www-data of the proxy");
      expect(await everything()).toEqual(before);
    });

    test("an app that does not start is not installed, and the proxy serves as before", async () => {
      // An app that sleeps ends with a status after which systemd does not restart it.
      const more = proxy === "nginx" ? ["--idle-timeout", "5min"] : [];
      const { code, stderr } = await install("broken", "--host", host("broken"), ...more);
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
            stdout: expect.stringContaining(`${scheme}://${host(name)}/ answers`),
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
}
