// The certificates of docs/hosts.md, which Pebble issues in the place of Let's Encrypt, and their renewal
// under load.
import { describeWith } from "@sockact/testkit";
import { beforeAll, expect, test } from "vitest";
import { DOWNLOAD, downloading, replaceCaddy } from "./newer-caddy.ts";
import { certificateOfPebble, directoryOfPebble, startPebble } from "./pebble.ts";
import { askMeanwhile } from "./proxy-load.ts";
import { useTypedPage } from "./typed-page.ts";

const hosts = ["shop.example.com", "www.example.com"] as const;
const install = `sudo npx sockact install server.cjs --name shop --host ${hosts.join(" --host ")} --yes`;

/** How long the certificates of Caddy are valid, in seconds. It renews them after two thirds of this time. */
const VALIDITY = 30;

const caddyfile = `{
	acme_ca ${directoryOfPebble}
	acme_ca_root ${certificateOfPebble}
	renew_interval 1s
}
`;

const commands = ["pebble", "openssl", "curl", "script"];

/** A machine with Pebble, on which the commands of the page are typed. */
function useSite(validity?: number) {
  const page = useTypedPage("hosts.md");
  const { type } = page;

  beforeAll(async () => {
    const { systemd } = page;
    await startPebble(systemd, hosts, validity);
    const prepare = `mkdir -p /var/log/nginx /var/lib/nginx /var/lib/caddy ${page.folder}; chown caddy:caddy /var/lib/caddy`;
    await systemd.mustRun(["sh", "-c", prepare]);
    const app = `require("node:http").createServer((request, response) => {
        request.resume().on("end", () => response.end("hello"));
      }).listen(3000);\n`;
    await systemd.write(`${page.folder}/server.cjs`, app);
  });

  /** The certificate that a new client sees: its issuer and its serial number. */
  const shown = (): Promise<string> =>
    page.systemd.mustRun([
      "sh",
      "-c",
      `openssl s_client -servername ${hosts[0]} -connect 127.0.0.1:443 </dev/null 2>/dev/null | openssl x509 -noout -issuer -serial`,
    ]);

  return {
    page,
    type,
    shown,
    /** Asks until there is an answer over https with a certificate of Pebble. */
    ask: (host: string) =>
      page.systemd.mustRun(
        [
          "curl",
          "--silent",
          "--show-error",
          "--retry",
          "30",
          "--retry-all-errors",
          "--retry-delay",
          "1",
          `https://${host}/`,
        ],
        { timeout: 60_000 },
      ),

    /** Renews the certificate while clients ask. */
    renewUnderLoad: (what: string, renew: () => Promise<unknown>) =>
      askMeanwhile(page.systemd, hosts[0], what, async (round) => {
        const before = await shown();
        await renew();
        await expect.poll(shown).not.toBe(before);
        await round();
      }),
  };
}

for (const isNewest of [false, true])
  describeWith(
    {
      privateSystemd: true,
      systemd: 253,
      commands: ["caddy", ...commands, ...(isNewest ? downloading : [])],
      tags: "campaign",
    },
    isNewest ? "the newest Caddy" : "Caddy",
    () => {
      const { page, type, ask, shown, renewUnderLoad } = useSite(VALIDITY);

      test("gets a certificate, and renews it while clients ask", { timeout: DOWNLOAD }, async () => {
        const { systemd } = page;
        if (isNewest) await replaceCaddy(systemd);
        await systemd.write("/etc/caddy/Caddyfile", caddyfile);
        await systemd.start("caddy.service");
        await type(install);
        for (const host of hosts) expect(await ask(host)).toBe("hello");
        expect(await shown()).toMatch(/^issuer=CN ?= ?Pebble Intermediate/);
        for (const time of ["first", "second"]) {
          const { open, fresh } = await renewUnderLoad(`Caddy, ${time} renewal`, async () => {});
          expect([open.failed, fresh.failed]).toEqual([{}, {}]);
        }
      });
    },
  );

describeWith(
  {
    privateSystemd: true,
    systemd: 253,
    commands: ["nginx", "certbot", "/usr/lib/python3/dist-packages/certbot_nginx", ...commands],
    tags: "campaign",
  },
  "nginx",
  () => {
    const { page, type, ask, shown, renewUnderLoad } = useSite();

    test(
      "gets a certificate by certbot, which renews it while clients ask",
      { timeout: 120_000 },
      async () => {
        const { systemd } = page;
        // The packages are installed.
        await systemd.write("/usr/local/bin/apt", "#!/bin/sh\n", 0o755);
        await systemd.start("nginx.service");
        await type(install);
        await type(page.blocks("Which proxy do I need?", "sh").join(""));
        await type(install);
        for (const host of hosts) expect(await ask(host)).toBe("hello");
        expect(await shown()).toMatch(/^issuer=CN ?= ?Pebble Intermediate/);
        // certbot reloads nginx, which closes idle connections. A request may be on its way then.
        const { open, fresh } = await renewUnderLoad("nginx", () =>
          type("sudo certbot renew --force-renewal"),
        );
        expect(fresh.failed).toEqual({});
        expect(open.resets).toBe(0);
      },
    );
  },
);
