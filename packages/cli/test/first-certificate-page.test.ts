// docs/first-certificate.md, command by command, as a reader types them, with the real certbot. Pebble is in
// the place of Let's Encrypt: it asks for the challenge at port 80 as Let's Encrypt does.
import { describeWith, Load } from "@sockact/testkit";
import { beforeAll, expect, test } from "vitest";
import { startPebble } from "./pebble.ts";
import { useTypedPage } from "./typed-page.ts";

const commands = ["certbot", "pebble", "openssl", "curl", "script", "groupadd"];

describeWith({ privateSystemd: true, commands, tags: "campaign" }, "docs/first-certificate.md", () => {
  const page = useTypedPage("first-certificate.md");
  const { blocks, folder, type } = page;

  beforeAll(async () => {
    const { systemd } = page;
    await startPebble(systemd, ["example.org"]);
    // The packages of certbot are installed.
    await systemd.write("/usr/local/bin/apt-get", "#!/bin/sh\n", 0o755);
  });

  /** What the app shows a new client: the issuer and the serial number of its certificate. */
  const shown = (): Promise<string> =>
    type(
      "openssl s_client -connect example.org:443 </dev/null 2>/dev/null | openssl x509 -noout -issuer -serial",
    );

  /** Renews the certificate while clients ask, on connections that stay open and on new ones. */
  async function renewUnderLoad(): Promise<{ stayed: string | undefined; sent: number; lost: number }> {
    const clients = {
      host: "127.0.0.1",
      port: 443,
      clients: 8,
      think: 20,
      away: 1,
      secure: true,
      seed: 1,
      requests: [{ method: "GET", path: "/" }],
      answer: "^hello over https",
    };
    await using staying = await Load.start(page.systemd, "thinking", { ...clients, keepAlive: true });
    await using leaving = await Load.start(page.systemd, "thinking", { ...clients, keepAlive: false });
    const [before, pid] = [await shown(), await page.systemd.show("shop.service", "MainPID")];
    const renewal = blocks("5. ", "sh")[1] as string;
    await type(renewal);
    expect(await shown()).not.toBe(before);
    await Promise.all([staying.round(), leaving.round()]);
    const results = [await staying.result(), await leaving.result()];
    return {
      stayed: (await page.systemd.show("shop.service", "MainPID")) === pid ? pid : undefined,
      sent: results.reduce((sum, { sent }) => sum + sent, 0),
      lost: results.reduce((sum, { lost }) => sum + lost, 0),
    };
  }

  test("sections 1 to 3 lead from an empty folder to https with a certificate of one's own", async () => {
    await type(blocks("1. ", "sh")[0] as string, "/");
    page.installPackages(["express", "@sockact/express"]);
    await page.systemd.write(`${folder}/server.mjs`, blocks("1. ", "js")[0] as string);
    await type(blocks("2. ", "sh")[0] as string);
    await page.systemd.write(`${folder}/sockact.config.mjs`, blocks("3. ", "js")[0] as string);
    const output = await type(blocks("3. ", "sh")[0] as string);
    expect(output).toMatch(/^HTTP\/1.1 308 /m);
    expect(output).toMatch(/^hello over https$/m);
    expect(await shown()).toMatch(/^issuer=CN ?= ?example.org$/m);
  });

  test("section 4 gets a certificate that curl trusts", async () => {
    const [hook, get] = blocks("4. ", "sh") as [string, string];
    await page.systemd.write("/etc/shop/deploy", hook);
    expect(await type(get)).toMatch(/^hello over https$/m);
    expect(await shown()).toMatch(/^issuer=CN ?= ?Pebble Intermediate/m);
  });

  test("section 5 renews the certificate, and no request fails", async () => {
    await type(blocks("5. ", "sh")[0] as string);
    const { stayed, sent, lost } = await renewUnderLoad();
    expect({ stayed, lost }).toEqual({ stayed: expect.stringMatching(/^[1-9]/), lost: 0 });
    expect(sent).toBeGreaterThan(100);
  });

  test("with a handover, another process has the new certificate, and no request fails", async () => {
    const file = `${folder}/sockact.config.mjs`;
    const config = await page.systemd.mustRun(["cat", file]);
    await page.systemd.write(file, config.replace('type: "notify-reload"', "handover: true"));
    await type("sudo sockact install");
    expect(await renewUnderLoad()).toMatchObject({ stayed: undefined, lost: 0 });
  });

  test("certbot says so if the app can't use a file", async () => {
    await page.systemd.write(
      "/etc/shop/deploy",
      "#!/bin/sh\necho broken >/etc/shop/cert.pem\nsockact reload shop\n",
    );
    const before = await shown();
    expect(await type("certbot renew --force-renewal")).toMatch(/Hook 'deploy-hook' .* error code 1/);
    expect(await shown()).toBe(before);
  });
});
