// What the tests of the transaction of `sockact install` with host names have in common.
import type { PrivateSystemd } from "@sockact/testkit";
import { beforeAll } from "vitest";
import type { InstallPlan } from "../src/lib/install/install.ts";
import type { Proxy } from "../src/lib/proxy/proxy.ts";
import { useInstallation } from "./installation.ts";

/** A file of each proxy that is not sockact's. */
export const foreign = {
  caddy: ["/etc/caddy/Caddyfile", "{\n\tlocal_certs\n\tskip_install_trust\n}\n"],
  nginx: ["/etc/nginx/conf.d/foreign.conf", ""],
} as const;

/** Boots a systemd with both proxies, which do not run yet. */
export function useHostInstallation() {
  const shop = useInstallation();
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    ({ systemd } = shop);
    const folders =
      "mkdir -p /var/log/nginx /var/lib/nginx /var/lib/caddy && chown caddy:caddy /var/lib/caddy";
    await systemd.mustRun(["sh", "-ec", `${folders}; rm /etc/nginx/sites-enabled/default`]);
    for (const [path, text] of Object.values(foreign)) await systemd.write(path, text);
  });

  /** Whether the proxy has a site for a host name, which it may serve some milliseconds after its reload. */
  async function serves(host: string): Promise<boolean> {
    const answer = await systemd
      .request({ url: "http://127.0.0.1/", headers: { host } })
      .catch(() => undefined);
    return answer?.status === 308 || answer?.body.includes("pid") === true;
  }

  /** For one proxy. */
  const withProxy = (proxy: Proxy) => {
    const folder = proxy.folders[0]!;
    return {
      folder,
      file: `${folder}/${proxy.file("shop")}`,
      wanted(hosts = ["shop.example.com"]): InstallPlan {
        const state = { folder, served: [], version: 20_602 };
        const { text } = proxy.site({ hosts, socket: "/run/shop.sock" }, state);
        const site = { path: `${folder}/${proxy.file("shop")}`, text, hosts };
        return shop.plan(
          { sockets: [{ listen: "/run/shop.sock", socketGroup: "www-data", socketMode: "0660" }] },
          { site },
        );
      },
      async everything() {
        // A request wakes the app.
        const [served, servedNew] = [await serves("shop.example.com"), await serves("new.example.com")];
        return {
          served,
          servedNew,
          ...(await shop.everything()),
          caddy: await shop.filesIn("/etc/caddy"),
          nginx: await shop.filesIn("/etc/nginx/conf.d"),
          proxy: await systemd.show(proxy.unit, "ActiveState"),
        };
      },
    };
  };
  return { shop, serves, withProxy };
}
