// docs/proxy-restarts.md, with the files and commands of the page, under load.
import { describeWith, type LoadResult } from "@sockact/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { DOWNLOAD, downloading, replaceCaddy } from "./newer-caddy.ts";
import { askMeanwhile, type ProxyLoad } from "./proxy-load.ts";
import { useTypedPage } from "./typed-page.ts";

const host = "shop.example.com";
const url = `https://${host}/`;

/** Options of the Caddy of a test, which has no public address. */
const local = "\tlocal_certs\n\tskip_install_trust\n";

describeWith(
  {
    privateSystemd: true,
    systemd: 253,
    commands: ["caddy", "nginx", "openssl", "curl", "script", ...downloading],
    tags: "campaign",
  },
  "docs/proxy-restarts.md",
  () => {
    const page = useTypedPage("proxy-restarts.md");
    const { folder, type } = page;

    beforeAll(async () => {
      const { systemd } = page;
      await replaceCaddy(systemd);
      const prepare = `mkdir -p /var/log/nginx /var/lib/nginx /var/lib/caddy ${folder} /etc/letsencrypt/live/${host}
        chown caddy:caddy /var/lib/caddy
        echo 127.0.0.1 ${host} >>/etc/hosts
        cd /etc/letsencrypt/live/${host}
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=shop -addext subjectAltName=DNS:${host} \
          -keyout privkey.pem -out fullchain.pem`;
      await systemd.mustRun(["sh", "-ec", prepare]);
      await systemd.write("/etc/caddy/Caddyfile", `{\n${local}}\n`);
      const app = `require("node:http").createServer((request, response) => {
        request.resume().on("end", () => response.end("hello"));
      }).listen(3000);\n`;
      await systemd.write(`${folder}/server.cjs`, app);
    }, DOWNLOAD);

    const ask = (...args: string[]) =>
      page.systemd.mustRun(["curl", "--silent", "--show-error", "--insecure", ...args, url]);

    /** Repeats an operation while clients ask. */
    const underLoad = (what: string, times: number, unit: string, operation: () => Promise<unknown>) =>
      askMeanwhile(page.systemd, host, `${times} times: ${unit}, ${what}`, async (round) => {
        for (let time = 0; time < times; time++) {
          // systemd refuses the sixth start in 10 s.
          await page.systemd.systemctl("reset-failed", unit);
          await operation();
          await round();
        }
      });
    const perTime = (one: ProxyLoad, times: number) => (one.open.lost + one.fresh.lost) / times;

    const proxies = [
      {
        heading: "nginx",
        // How Debian's package replaces the program. Below systemd, nginx ignores the first command.
        update: "/etc/init.d/nginx upgrade || systemctl restart nginx",
        // Idle connections are closed. A request may be on its way at this moment.
        mayFail: { open: ["closed"], fresh: [] },
        newest: { option: "--http2", head: /^HTTP\/2 200/ },
      },
      {
        heading: "Caddy",
        update: "systemctl restart caddy",
        // Caddy also closes new connections that have not sent a request yet.
        mayFail: { open: ["closed", "ECONNRESET"], fresh: ["closed", "ECONNRESET"] },
        newest: { option: "--http3-only", head: /^HTTP\/3 200/ },
      },
    ];

    describe.each(proxies)("$heading", ({ heading, update, mayFail, newest }) => {
      const unit = `${heading.toLowerCase()}.service`;
      const pid = () => page.systemd.show(unit, "MainPID");
      const expectServed = (results: ProxyLoad) => {
        const unexpected = (result: LoadResult, may: readonly string[]) =>
          Object.keys(result.failed).filter((reason) => !may.includes(reason));
        expect(unexpected(results.open, mayFail.open)).toEqual([]);
        expect(unexpected(results.fresh, mayFail.fresh)).toEqual([]);
      };

      test("keeps its ports over restarts", { timeout: 240_000 }, async () => {
        const { systemd } = page;
        const restart = () => systemd.systemctl("restart", unit);
        await systemd.start(unit);
        await type(`sudo npx sockact install server.cjs --name shop --host ${host} --yes`);
        await ask("--retry", "20", "--retry-all-errors", "--retry-delay", "1");
        const without = await underLoad("restarts", 5, unit, restart);
        expectServed(await underLoad("reloads", 20, unit, () => systemd.systemctl("reload", unit)));

        for (const text of page.blocks(heading, "ini"))
          await systemd.write(/^# (.*)$/m.exec(text)![1]!, text);
        const [caddyfile] = page.blocks(heading, "text");
        if (caddyfile !== undefined) {
          const old = await systemd.mustRun(["cat", "/etc/caddy/Caddyfile"]);
          const [, sites] = old.split(`{\n${local}}\n`) as [string, string];
          await systemd.write("/etc/caddy/Caddyfile", caddyfile.replace("{\n", `{\n${local}`) + sites);
        }
        await type(page.blocks(heading, "sh").join(""));
        expect(await ask(newest.option, "--head")).toMatch(newest.head);
        expect(await systemd.mustRun(["curl", "--silent", "--head", `http://${host}/`])).toContain(" 308 ");

        const before = await pid();
        const restarts = await underLoad("restarts with sockets", 20, unit, restart);
        expect(await pid()).not.toBe(before);
        expectServed(restarts);
        expect(perTime(restarts, 20)).toBeLessThan(perTime(without, 5) / 2);
        expectServed(await underLoad("an update with sockets", 1, unit, () => type(update)));
        expect(await ask(newest.option, "--head")).toMatch(newest.head);

        // The proxy still reads new sites.
        await type("sudo npx sockact uninstall shop --yes");
        await type(`sudo npx sockact install server.cjs --name shop --host ${host} --yes`);
        expect(await ask("--retry", "20", "--retry-all-errors", "--retry-delay", "1")).toBe("hello");
        await type("sudo npx sockact uninstall shop --yes");
      });

      test("can be without sockets again", { timeout: 60_000 }, async () => {
        const { systemd } = page;
        const [back = ""] = page.blocks("How do I go back?", "sh");
        if (heading === "Caddy") await systemd.write("/etc/caddy/Caddyfile", `{\n${local}}\n`);
        const [, more = ""] = / (\S*sockets\.conf)$/m.exec(back) ?? [];
        await type(heading === "nginx" ? back : back.replace(more, "").replaceAll("nginx", "caddy"));
        expect(
          await systemd.mustRun(["ss", "--listening", "--tcp", "--processes", "--no-header"]),
        ).not.toContain("systemd");
        await systemd.stop(unit);
      });
    });
  },
);
