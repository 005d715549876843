// What docs/tls.md says about renewed certificates: which command makes a service use them.
import { readFileSync } from "node:fs";
import { bootPrivateSystemd, certificateOf, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

const app = (project: string, tls: object): string => `
import { createServer } from "node:http";
import { listen } from "${project}/packages/core/dist/index.js";
await listen(createServer((request, response) => response.end("hello")), { tls: ${JSON.stringify(tls)} });`;

const requirements = { privateSystemd: true, systemd: 253, commands: ["curl"] };
describeWith(requirements, "a service whose certificate is renewed", () => {
  let systemd: PrivateSystemd;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());

  /** Puts a key and a certificate where a certbot hook would put them. */
  async function renew(host: "localhost" | "example.org"): Promise<void> {
    const { key, cert } = certificateOf(host);
    await systemd.write("/etc/shop/key.pem", readFileSync(key, "utf8"));
    await systemd.write("/etc/shop/cert.pem", readFileSync(cert, "utf8"));
  }

  async function servedHost(port: number): Promise<string | undefined> {
    const { stderr } = await systemd.run(["curl", "--insecure", "--verbose", `https://localhost:${port}/`]);
    return /subject: .*CN ?= ?(\S+)/.exec(stderr)?.[1];
  }

  const unitsOf = (name: string, port: number, directives: string): Record<string, string> => ({
    [`${name}.socket`]: `[Socket]\nListenStream=${port}\n`,
    [`${name}.service`]: `[Service]\nType=notify-reload\nOpenFile=/run/systemd/notify:notify\nExecStart=${systemd.node} /etc/${name}.mjs\n${directives}`,
  });

  /** Which certificate a service serves after its start, after a renewal and a reload, and after a restart. */
  async function served(name: string, port: number, tls: object, directives: string): Promise<unknown[]> {
    await renew("localhost");
    await systemd.write(`/etc/${name}.mjs`, app(systemd.project, tls));
    await systemd.installUnits(unitsOf(name, port, directives));
    await systemd.start(`${name}.socket`, `${name}.service`);
    const first = await servedHost(port);
    await renew("example.org");
    await systemd.systemctl("reload", `${name}.service`);
    const reloaded = await servedHost(port);
    await systemd.restart(`${name}.service`);
    return [first, reloaded, await servedHost(port)];
  }

  test("needs a restart if the certificate is a credential", async () => {
    const credentials = ["key.pem", "cert.pem"].map((file) => `LoadCredential=${file}:/etc/shop/${file}\n`);
    const tls = { key: "key.pem", cert: "cert.pem" };
    const hosts = await served("copied", 8443, tls, credentials.join(""));
    expect(hosts).toEqual(["localhost", "localhost", "example.org"]);
  });

  test("needs only a reload if the app reads the files itself", async () => {
    const tls = { key: "/etc/shop/key.pem", cert: "/etc/shop/cert.pem" };
    const hosts = await served("direct", 8444, tls, "");
    expect(hosts).toEqual(["localhost", "example.org", "example.org"]);
  });

  test("needs only a reload if a user that exists only while it runs reads the key through a group", async () => {
    const files = ["/etc/shop/key.pem", "/etc/shop/cert.pem"];
    const tls = { key: files[0], cert: files[1] };
    const renewForGroup = async (host: "localhost" | "example.org"): Promise<void> => {
      await renew(host);
      await systemd.mustRun(["chgrp", "shop-tls", "/etc/shop", ...files]);
      await systemd.mustRun(["chmod", "640", ...files]);
    };
    await systemd.mustRun(["groupadd", "--system", "shop-tls"]);
    await renewForGroup("localhost");
    await systemd.mustRun(["chmod", "750", "/etc/shop"]);
    await systemd.write("/etc/group.mjs", app(systemd.project, tls));
    await systemd.installUnits(
      unitsOf("group", 8445, "DynamicUser=yes\nPrivateUsers=yes\nSupplementaryGroups=shop-tls\n"),
    );
    await systemd.start("group.socket", "group.service");
    expect(await servedHost(8445)).toBe("localhost");
    await renewForGroup("example.org");
    await systemd.systemctl("reload", "group.service");
    expect(await servedHost(8445)).toBe("example.org");
  });
});
