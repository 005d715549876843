// Sites of nginx: certificates of certbot, and the recipes of docs/hosts.md that replace a site of one's own.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describeWith, type PrivateSystemd } from "@sockact/testkit";
import { beforeAll, expect, test } from "vitest";
import { forged, host, useHosts } from "./hosts-machine.ts";
import { server } from "./machine.ts";

const page = fileURLToPath(new URL("../../../docs/hosts.md", import.meta.url));
const commands = ["caddy", "nginx", "curl", "openssl"];

describeWith({ privateSystemd: true, systemd: 253, commands }, "sockact install --host with nginx", () => {
  const hosts = useHosts();
  const { install, uninstall, ask, known } = hosts;
  let systemd: PrivateSystemd;
  beforeAll(() => {
    ({ systemd } = hosts);
  });

  beforeAll(async () => {
    // Without it, the site of the app is the first one of nginx.
    await systemd.mustRun(["rm", "/etc/nginx/sites-enabled/default"]);
    await systemd.start("nginx.service");
  });

  /** Three clients, which ask one after the other. It ends with all answers that they got, each once. */
  function startLoad(name: string) {
    const answers = new Set<string>();
    let isOver = false;
    const client = async () => {
      while (!isOver) {
        const { status, body } = await systemd.request({ url: "http://127.0.0.1/", headers: { host: name } });
        answers.add(status === 200 ? (body === "old" ? "old" : "new") : `${status} ${body}`);
      }
    };
    const clients = Promise.all([client(), client(), client()]);
    return {
      async end(): Promise<string[]> {
        isOver = true;
        await clients;
        return [...answers].toSorted();
      },
    };
  }

  test("a certificate of certbot gives https, and http redirects to it", { timeout: 60_000 }, async () => {
    const folder = `/etc/letsencrypt/live/${host("shop")}`;
    const certificate = `mkdir -p ${folder} && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=shop \
      -addext subjectAltName=DNS:${host("shop")} -keyout ${folder}/privkey.pem -out ${folder}/fullchain.pem`;
    await systemd.mustRun(["sh", "-ec", certificate]);
    const { stdout, code } = await install("shop", "--host", host("shop"), "--host", "www.example.com");
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringContaining(`https://${host("shop")}/ answers 200 OK after`),
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
    { tags: "campaign", timeout: 90_000 },
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

      const load = startLoad(name);
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
      expect(await load.end()).toEqual(["new", "old"]);
      await systemd.mustRun(["rm", file]);
    },
  );

  test(
    "data moves while clients wait, as docs/hosts.md tells",
    { tags: "campaign", timeout: 90_000 },
    async () => {
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

      const load = startLoad(name);
      await systemd.mustRun(["mv", file, "/etc/nginx/data.old"]);
      expect(await install("plain", "--host", name, "--no-request")).toMatchObject({ code: 0 });
      expect(await known(`http://${name}/`)).toMatchObject({ host: name });
      expect(await load.end()).toEqual(["new", "old"]);
      expect(await systemd.show("old-shop.service", "ActiveState")).not.toBe("active");
      expect(await systemd.mustRun(["cat", "/var/lib/plain/data/kept"])).toBe("kept\n");
      await uninstall("plain");
      await systemd.mustRun(["rm", "-r", "/etc/systemd/system/plain.service.d"]);
    },
  );

  test("a file with other sites is not moved away", async () => {
    const file = "/etc/nginx/conf.d/both.conf";
    await systemd.write(file, `server { listen 80; server_name a.example.com b.example.com; }\n`);
    const { stderr } = await install("plain", "--host", "a.example.com");
    expect(stderr).toContain("name them as well: --host b.example.com");
    await systemd.mustRun(["rm", file]);
  });
});
