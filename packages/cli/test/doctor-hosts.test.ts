// What `sockact hosts`, `status`, `drain` and `doctor` say about a service with host names.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describeWith, type PrivateSystemd } from "@sockact/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import type { HostStatus } from "../src/lib/hosts/host-status.ts";
import { ask, type Answer } from "./doctor.ts";
import { server, useMachine } from "./machine.ts";

const nameServer = readFileSync(fileURLToPath(new URL("programs/dns.mjs", import.meta.url)), "utf8");
const shop = "shop.example.com";
const site = { caddy: "/etc/caddy/sockact/shop.caddy", nginx: "/etc/nginx/conf.d/sockact-shop.conf" };
/** A user who can ask systemd, and no more. */
const nobody = ["setpriv", "--reuid=65534", "--clear-groups"];
const DAY = 86_400_000;

describeWith(
  {
    privateSystemd: true,
    systemd: 253,
    commands: ["caddy", "nginx", "curl", "openssl", "ip"],
    tags: "campaign",
  },
  "a service with host names",
  () => {
    const machine = useMachine();
    let systemd: PrivateSystemd;

    beforeAll(async () => {
      ({ systemd } = machine);
      await systemd.mustRun(["mkdir", "/srv/apps"]);
      await systemd.write("/srv/apps/shop.cjs", server('"shop"'));
      const folders = `mkdir -p /var/log/nginx /var/lib/nginx /var/lib/caddy && chown caddy:caddy /var/lib/caddy
      rm /etc/nginx/sites-enabled/default`;
      await systemd.mustRun(["sh", "-ec", folders]);
      await systemd.write("/etc/caddy/Caddyfile", "{\n\tlocal_certs\n\tskip_install_trust\n}\n");
      await systemd.write("/etc/resolv.conf", "nameserver 127.0.0.1\n");
      await systemd.write("/srv/dns.mjs", nameServer);
      await records({ [shop]: { A: ["127.0.0.1"] } });
      const run = `[Service]\nExecStart=${systemd.node} /srv/dns.mjs /srv/dns.json\n`;
      await systemd.installUnits({ "dns.service": run });
      await systemd.start("dns.service");
      await systemd.waitForJournal("dns.service", /ready/);
    }, 60_000);

    /** What the name server has. */
    const records = (all: Record<string, { A?: string[]; AAAA?: string[] } | null>) =>
      systemd.write("/srv/dns.json", JSON.stringify(all));
    const sockact = (...args: string[]) => machine.call("/srv/apps", args);
    const install = async (...args: string[]) => {
      const result = await sockact("install", "shop.cjs", "--name", "shop", "--yes", ...args);
      expect(result).toMatchObject({ code: 0 });
    };
    const hosts = async () =>
      (JSON.parse((await sockact("hosts", "--json")).stdout) as { hosts: HostStatus[] }).hosts;
    const doctor = (...through: string[]): Promise<Answer> => ask(systemd, "shop", through);
    /** The findings of the doctor, without hints. */
    const faults = async () => {
      const { findings } = await doctor();
      return findings.filter(({ severity }) => severity !== "info").map(({ code }) => code);
    };

    /** A certificate of certbot. */
    async function certify(host: string, from: number, until: number, folder = shop): Promise<void> {
      const time = (days: number) =>
        new Date(Date.now() + days * DAY).toISOString().replaceAll(/[-:T]|\..*/g, "");
      const live = `/etc/letsencrypt/live/${folder}`;
      await systemd.write(
        "/srv/ca/ca.conf",
        `[ca]\ndefault_ca=d\n[d]\ndatabase=/srv/ca/index\nserial=/srv/ca/serial\nnew_certs_dir=/srv/ca\ndefault_md=sha256
policy=p\nx509_extensions=x\nunique_subject=no\n[p]\norganizationName=supplied\n[x]\nsubjectAltName=DNS:${host}\n`,
      );
      await systemd.mustRun([
        "sh",
        "-ec",
        `mkdir -p ${live}; cd /srv/ca; : > index; echo 01 > serial
        openssl req -newkey rsa:2048 -nodes -keyout ${live}/privkey.pem -subj "/O=Test CA" -out request
        openssl ca -batch -selfsign -notext -config ca.conf -keyfile ${live}/privkey.pem -in request \
          -startdate ${time(from)}Z -enddate ${time(until)}Z -out ${live}/fullchain.pem`,
      ]);
    }

    test("without one, hosts says how to get one", async () => {
      expect(await sockact("hosts")).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(
          /^No service of sockact has a host name\. .* --host shop\.example\.com\n$/,
        ),
      });
      expect(await hosts()).toEqual([]);
    });

    describe("behind Caddy", () => {
      test("that serves and sleeps, is in the table, and nothing is found", { timeout: 60_000 }, async () => {
        await systemd.start("caddy.service");
        await records({ [shop]: { A: ["127.0.0.1"] } });
        await install("--host", shop, "--host", "shop.localhost", "--idle-timeout", "2s");
        await systemd.waitForUnit("shop.service", "ActiveState", "inactive", 30_000);
        const { stdout } = await sockact("hosts");
        expect(stdout).toMatch(
          /^HOST +APP +STATE +LAST VISIT +CERTIFICATE +PROXY\nshop\.example\.com +shop +asleep +\d+ s ago +1[12] h, Caddy Local Authority +caddy\nshop\.localhost /,
        );
        const [first] = await hosts();
        const shown = [
          "show",
          "shop.service",
          "--property=InactiveEnterTimestamp",
          "--timestamp=unix",
          "--value",
        ];
        const ended = 1000 * Number((await systemd.systemctl(...shown)).trim().slice(1));
        expect(first).toMatchObject({
          state: "asleep",
          awakeSince: null,
          connections: 0,
          certificate: { state: "valid", issuer: "Caddy Local Authority" },
        });
        // It went to sleep 2 s after its last visitor.
        expect(Date.parse(first!.lastVisit!)).toBe(ended - 2000);
        expect((await sockact("status", "shop")).stdout).toMatch(
          /^ *Hosts +shop\.example\.com by caddy, certificate: 1[12] h, Caddy Local Authority$/m,
        );
        expect(await faults()).toEqual([]);
        // The doctor and the table wake no app.
        expect(await systemd.show("shop.service", "ActiveState")).toBe("inactive");
        expect(await sockact("reload", "shop")).toMatchObject({
          code: 0,
          stdout: expect.stringContaining("its next start reads the new settings"),
        });
      });

      test("is shown to a user who is not root, with what this user can't see", async () => {
        const cli = `${systemd.project}/packages/cli/bin/sockact.cjs`;
        const { stdout } = await systemd.run([...nobody, systemd.node, cli, "hosts"]);
        expect(stdout).toMatch(/^shop\.example\.com +shop +asleep .*Caddy Local Authority +caddy$/m);
        const { codes, unseen } = await doctor(...nobody);
        expect(codes).not.toContain("proxy-port");
        expect(unseen.map(({ what }) => what)).toContain("Only root can let caddy check its configuration.");
      });

      test("is drained, and the command says that the proxy goes on", async () => {
        const { stderr } = await sockact("drain", "shop");
        expect(stderr).toContain(`goes on passing visitors of ${shop} and shop.localhost to shop`);
        expect((await sockact("hosts")).stdout).toContain("asleep, drained");
        await sockact("undrain", "shop");
      });

      test("the DNS has no record, or one that leads elsewhere", async () => {
        await records({});
        const missing = (await doctor()).finding("dns-missing");
        expect(missing).toMatchObject({ severity: "warning", copy: [`${shop}. A ADDRESS`] });

        // This machine has only private addresses.
        await records({ [shop]: { A: ["203.0.113.9"], AAAA: ["2001:db8::9"] } });
        const behind = await doctor();
        const notes = behind.findings.filter(({ code }) => code === "dns-elsewhere");
        expect(notes.map(({ severity, evidence }) => [severity, evidence[0]!.text])).toEqual([
          ["info", "A 203.0.113.9"],
          ["info", "AAAA 2001:db8::9"],
        ]);

        await systemd.mustRun(["ip", "address", "add", "203.0.113.7/32", "dev", "lo"]);
        const elsewhere = (await doctor()).finding("dns-elsewhere");
        expect(elsewhere).toMatchObject({
          severity: "warning",
          message: `${shop} leads to 203.0.113.9, which is not an address of this machine.`,
        });
        // One of several is enough.
        await records({ [shop]: { A: ["203.0.113.9", "203.0.113.7"] } });
        expect((await doctor()).codes).not.toContain("dns-elsewhere");
      });

      test("the DNS does not answer, and the doctor says so, and does not wait", async () => {
        await records({ [shop]: null });
        const silent = await doctor();
        expect(silent.codes).not.toContain("dns-missing");
        expect(silent.unseen.map(({ what }) => what)).toContainEqual(
          expect.stringMatching(
            /^The DNS records of shop\.example\.com can't be read: E(?:TIMEOUT|CANCELLED)$/,
          ),
        );
        await systemd.stop("dns.service");
        const refused = await doctor();
        expect(refused.unseen.map(({ what }) => what)).toContain(
          `The DNS records of ${shop} can't be read: ECONNREFUSED`,
        );
        await systemd.start("dns.service");
        await records({ [shop]: { A: ["127.0.0.1"] } });
      });

      test("the Caddyfile no longer imports the site, or the site is gone", async () => {
        const caddyfile = await systemd.mustRun(["cat", "/etc/caddy/Caddyfile"]);
        await systemd.write("/etc/caddy/Caddyfile", caddyfile.replace(/^import.*\n/m, ""));
        const { message, copy } = (await doctor()).finding("site-missing");
        expect(message).toContain(`/etc/caddy/Caddyfile does not import ${site.caddy}`);
        await systemd.mustRun(["sh", "-ec", copy.join("\n")]);
        expect(await faults()).toEqual([]);

        const text = await systemd.mustRun(["cat", site.caddy]);
        await systemd.mustRun(["rm", site.caddy]);
        expect((await doctor()).finding("site-missing").message).toContain(`${site.caddy} is missing since`);
        await systemd.write(site.caddy, `${text}# mine\n`);
        expect((await doctor()).finding("unit-edited").message).toContain(`${site.caddy} has changed`);
        await systemd.write(site.caddy, text);
      });

      test("a broken configuration is a warning, and an error once Caddy has ended", async () => {
        const caddyfile = await systemd.mustRun(["cat", "/etc/caddy/Caddyfile"]);
        await systemd.write("/etc/caddy/Caddyfile", `${caddyfile}${shop} {\n}\n`);
        expect((await doctor()).finding("proxy-config").severity).toBe("warning");
        await systemd.stop("caddy.service");
        const down = await doctor();
        expect(down.finding("proxy-config").severity).toBe("error");
        expect(down.finding("proxy-inactive").message).toContain("caddy.service does not run");
        expect((await sockact("hosts")).stdout).toMatch(
          / \? +caddy\n[^]*! caddy\.service does not run, so nobody reaches its hosts\n/,
        );
        await systemd.write("/etc/caddy/Caddyfile", caddyfile);
        await systemd.start("caddy.service");
      });

      test("an app can't change the sites of Caddy any more, after the fix of the doctor", async () => {
        const caddyfile = await systemd.mustRun(["cat", "/etc/caddy/Caddyfile"]);
        const load = (...to: string[]) =>
          systemd.run([...nobody, "curl", "--silent", "--fail", "--json", "{}", ...to]);
        const { fix, copy } = (await doctor()).finding("caddy-admin");
        const line = /(admin unix\S+)\./.exec(fix)![1]!;
        await systemd.write("/etc/caddy/Caddyfile", caddyfile.replace("{", `{\n\t${line}`));
        await systemd.mustRun(copy[0]!.split(" "));
        expect((await doctor()).codes).not.toContain("caddy-admin");
        const url = "http://localhost:2019/load";
        expect(await load(url)).toMatchObject({ code: 7 });
        expect(await load("--unix-socket", line.split("unix/")[1]!, url)).toMatchObject({ code: 7 });
        await systemd.systemctl("reload", "caddy.service");
        await systemd.systemctl("restart", "caddy.service");
        await systemd.systemctl("reload", "caddy.service");
        await systemd.write("/etc/caddy/Caddyfile", caddyfile);
        await systemd.systemctl("restart", "caddy.service");
        // By default, anyone can. This leaves Caddy without sites until its next start.
        expect(await load(url)).toMatchObject({ code: 0 });
        await systemd.systemctl("restart", "caddy.service");
      });

      test("Caddy has no certificate yet", { timeout: 60_000 }, async () => {
        const caddyfile = await systemd.mustRun(["cat", "/etc/caddy/Caddyfile"]);
        // Nothing answers at this address.
        await systemd.write(
          "/etc/caddy/Caddyfile",
          caddyfile.replace("local_certs", "acme_ca https://127.0.0.1:9/"),
        );
        await systemd.mustRun([
          "sh",
          "-ec",
          "systemctl stop caddy; rm -r /var/lib/caddy/.local; systemctl start caddy",
        ]);
        const { severity, copy } = (await doctor()).finding("certificate-missing");
        expect({ severity, copy }).toEqual({
          severity: "error",
          copy: [`journalctl --unit caddy --since -2d --grep ${shop}`],
        });
        expect(await systemd.mustRun(copy[0]!.split(" "))).toContain("obtain");
        expect((await sockact("hosts")).stdout).toMatch(/^shop\.example\.com .* none yet +caddy$/m);
        await sockact("uninstall", "shop", "--yes");
        await systemd.stop("caddy.service");
      });
    });

    describe("behind nginx", () => {
      test("without a certificate, it has only http, and the doctor accepts that", async () => {
        await systemd.start("nginx.service");
        await install("--host", shop);
        expect((await hosts())[0]!.certificate).toEqual({ state: "http-only", issuer: null, until: null });
        expect(await faults()).toEqual([]);
      });

      test("is out of service while its socket is stopped, and then comes back", async () => {
        const visit = () => systemd.request({ url: "http://127.0.0.1/", headers: { host: shop } });
        await systemd.stop("shop.socket", "shop.service");
        expect(await visit()).toMatchObject({ status: 503, body: expect.stringContaining("not available") });
        expect((await hosts())[0]!.state).toBe("stopped");
        await systemd.start("shop.socket");
        expect(await visit()).toMatchObject({ status: 200, body: "shop" });
        const log = await systemd.mustRun(["cat", "/var/log/nginx/error.log"]);
        // docs/hosts.md says how to find this line.
        expect(log).toContain(`host: "${shop}"`);
      });

      test("its certificate expires soon, or has expired", { timeout: 60_000 }, async () => {
        await certify(shop, -80, 10);
        await install("--host", shop);
        expect((await doctor()).finding("certificate-expires")).toMatchObject({
          severity: "warning",
          unit: "nginx.service",
          message: `The certificate of ${shop} expires in 9 d.`,
        });
        expect((await sockact("hosts")).stdout).toMatch(
          / 9 d, Test CA +nginx\n[^]*! shop\.example\.com: certificate 9 d, Test CA\n/,
        );

        await certify(shop, -90, -2);
        await systemd.systemctl("reload", "nginx.service");
        await systemd.waitUntil(
          async () => (await hosts())[0]!.certificate.state === "expired",
          "nginx serves the new certificate",
        );
        expect((await doctor()).finding("certificate-expired").message).toBe(
          `The certificate of ${shop} expired 2 d ago.`,
        );
      });

      test("was renewed, and nginx has not read the new certificate", { timeout: 60_000 }, async () => {
        await certify(shop, 0, 90);
        const { message, copy } = (await doctor()).finding("certificate-expired");
        expect(message).toContain(
          `/etc/letsencrypt/live/${shop}/fullchain.pem has a newer one, which nginx has not read.`,
        );
        await systemd.mustRun(["sh", "-ec", copy[0]!]);
        await systemd.waitUntil(
          async () => (await hosts())[0]!.certificate.state === "valid",
          "nginx serves the new certificate",
        );
        expect(await faults()).toEqual([]);
      });

      test("its certificate is for another host", { timeout: 60_000 }, async () => {
        await certify("www.example.com", 0, 90);
        await systemd.systemctl("reload", "nginx.service");
        await systemd.waitUntil(
          async () => (await hosts())[0]!.certificate.state === "other-host",
          "nginx serves the new certificate",
        );
        expect((await doctor()).finding("certificate-other-host")).toMatchObject({
          severity: "error",
          evidence: [{ text: "DNS:www.example.com" }],
        });
        await certify(shop, 0, 90);
        await systemd.systemctl("reload", "nginx.service");
      });

      test("another site has its host name, or nginx does not read its site", async () => {
        const other = "/etc/nginx/conf.d/a.conf";
        await systemd.write(
          other,
          `server { listen 80; server_name ${shop}; }\nserver { listen 81; server_name ${shop}; }\n`,
        );
        const { findings } = await doctor();
        expect(findings.filter(({ code }) => code === "host-taken")).toMatchObject([
          {
            severity: "warning",
            message: `${other} has a site for ${shop} too. nginx serves only one of them.`,
          },
        ]);
        await systemd.mustRun(["rm", other]);

        const main = await systemd.mustRun(["cat", "/etc/nginx/nginx.conf"]);
        await systemd.write(
          "/etc/nginx/nginx.conf",
          main.replace(/^\s*include \/etc\/nginx\/conf\.d.*\n/m, "\n"),
        );
        expect((await doctor()).finding("site-missing").message).toBe(
          `nginx has no site for ${shop}, although ${site.nginx} is there.`,
        );
        await systemd.write("/etc/nginx/nginx.conf", main);
      });

      test("a port of its site is not open", async () => {
        const text = await systemd.mustRun(["cat", site.nginx]);
        await systemd.write(site.nginx, text.replace("listen 80;", "listen 80;\n  listen 8081;"));
        expect((await doctor()).finding("proxy-port")).toMatchObject({
          severity: "error",
          message: "nginx.service runs, but nothing listens on port 8081 of this machine.",
        });
        await systemd.write(site.nginx, text);
      });

      test("another program has the port, so nginx can't start", async () => {
        await systemd.stop("nginx.service");
        const listen = `require("node:net").createServer().listen(80, () => console.log("up"))`;
        const run = `[Service]\nExecStart=${systemd.node} --eval '${listen}'\n`;
        await systemd.installUnits({ "rival.service": run });
        await systemd.start("rival.service");
        await systemd.waitForJournal("rival.service", /up/);
        expect((await systemd.run(["systemctl", "start", "nginx.service"])).code).toBe(1);
        const { message, copy } = (await doctor()).finding("proxy-inactive");
        expect({ message, copy }).toEqual({
          message: `nginx.service has failed, so nobody reaches ${shop}.`,
          copy: expect.arrayContaining(["systemctl disable --now rival.service"]),
        });
        expect((await doctor(...nobody)).unseen.map(({ what }) => what)).toContain(
          "You may not see which process listens on port 80.",
        );
        await systemd.mustRun(["sh", "-ec", copy.slice(0, 2).join("\n")]);
        expect(await faults()).toEqual([]);
        await sockact("uninstall", "shop", "--yes");
      });
    });
  },
);
