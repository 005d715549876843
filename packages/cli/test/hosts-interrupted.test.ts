import { describeWith, type PrivateSystemd } from "@sockact/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { caddy } from "../src/lib/proxy/caddy.ts";
import { nginx } from "../src/lib/proxy/nginx.ts";
import { foreign, useHostInstallation } from "./host-installation.ts";

describeWith(
  { privateSystemd: true, systemd: 253, commands: ["caddy", "nginx"], tags: "campaign" },
  "an installation with host names that is killed or interrupted",
  () => {
    const { shop, serves, withProxy } = useHostInstallation();
    const { plan, install, start } = shop;
    let systemd: PrivateSystemd;
    beforeAll(() => {
      ({ systemd } = shop);
    });

    describe.each([caddy, nginx])("with $name", (proxy) => {
      const { folder, wanted, everything } = withProxy(proxy);
      let nothing: object;

      test("leaves nothing behind", { timeout: 120_000 }, async () => {
        await systemd.start(proxy.unit);
        nothing = await everything();
        const { steps, error } = await install(wanted());
        expect(error).toBeUndefined();
        expect(await everything()).toMatchObject({ served: true });
        expect((await install(wanted(), { uninstall: true })).error).toBeUndefined();
        expect(await everything()).toEqual(nothing);
        for (const [at, { type }] of steps.entries()) {
          await install(wanted(), { killAt: at });
          const { error: failure } = await install(wanted(), { uninstall: true });
          expect({ type, failure, left: await everything() }).toEqual({
            type,
            failure: undefined,
            left: nothing,
          });
        }
        for (const at of ["written", "served"]) {
          const interrupted = await install(wanted(), { abortAt: at });
          expect(interrupted.error).toMatchObject({ code: "SOCKACT_ERR_INSTALL_INTERRUPTED" });
          expect({ at, left: await everything() }).toEqual({ at, left: nothing });
        }
        expect((await install(wanted(), { verifyError: "no answer" })).error).toMatchObject({
          message: "no answer",
        });
        expect(await everything()).toEqual(nothing);
      });

      test(
        "at an update, leaves the old site, and an uninstallation can be called again",
        { timeout: 120_000 },
        async () => {
          await install(wanted());
          // Somebody has changed a space of the line that imports the sites.
          if (proxy === caddy)
            await systemd.mustRun(["sed", "-i", "s,^import .*sockact.*,& ,", "/etc/caddy/Caddyfile"]);
          const before = await everything();
          const next = wanted(["shop.example.com", "new.example.com"]);
          for (const at of ["written", "served", "listening"]) {
            await install(next, { killAt: at });
            const { error } = await install(wanted());
            expect({ at, error, left: await everything() }).toEqual({ at, error: undefined, left: before });
          }
          for (const at of ["removed", "stopped", "disabled"]) {
            await install(wanted());
            await install(wanted(), { uninstall: true, killAt: at });
            expect((await install(wanted(), { uninstall: true })).error).toBeUndefined();
            expect({ at, left: await everything() }).toEqual({ at, left: nothing });
          }
        },
      );

      test("two at once can't have the same host name", async () => {
        const first = start(wanted(), { pauseAt: "staged" });
        await first.until("paused");
        const site = wanted().site!;
        const path = `${folder}/${proxy.file("other")}`;
        const other = plan(
          { name: "other", sockets: [{ listen: "/run/other.sock" }] },
          { site: { ...site, path } },
        );
        const second = start(other);
        await second.until("waiting");
        first.resume();
        expect((await first.ended).error).toBeUndefined();
        const { error } = await second.ended;
        expect(error).toMatchObject({ code: "SOCKACT_ERR_INSTALL_FOREIGN" });
        expect(error!.message).toContain("shop.example.com is a host name of the service shop already");
        await install(wanted(), { uninstall: true });
        expect(await everything()).toEqual(nothing);
      });

      test("a configuration that others have broken meanwhile does not keep the service installed", async () => {
        await install(wanted());
        const [path] = foreign[proxy.name];
        const own = await systemd.mustRun(["cat", path]);
        await systemd.write(path, `${own}nonsense {\n`);
        const { error, result } = await install(wanted(), { uninstall: true });
        expect(error).toBeUndefined();
        expect(JSON.stringify(result)).toContain("the proxy serves it until its next reload");
        await systemd.write(path, (await systemd.mustRun(["cat", path])).replace("nonsense {\n", ""));
        await systemd.systemctl("reload", proxy.unit);
        await systemd.waitUntil(async () => !(await serves("shop.example.com")), "the site is gone");
        expect(await everything()).toEqual(nothing);
        await systemd.stop(proxy.unit);
      });
    });
  },
);
