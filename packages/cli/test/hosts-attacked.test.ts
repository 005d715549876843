import { describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { caddy } from "../src/lib/proxy/caddy.ts";
import { nginx } from "../src/lib/proxy/nginx.ts";
import { foreign, useHostInstallation } from "./host-installation.ts";

describeWith(
  { privateSystemd: true, systemd: 253, commands: ["caddy", "nginx"], tags: "campaign" },
  "an installation with host names on a hostile machine",
  () => {
    const { shop, serves, withProxy } = useHostInstallation();
    const { install, start } = shop;
    let systemd: PrivateSystemd;
    let sh: (script: string) => Promise<string>;
    beforeAll(() => {
      ({ systemd } = shop);
      sh = (script) => systemd.mustRun(["sh", "-ec", script]);
    });

    describe.each([caddy, nginx])("with $name", (proxy) => {
      const { folder, file, wanted, everything } = withProxy(proxy);
      let nothing: Awaited<ReturnType<typeof everything>>;
      beforeAll(async () => {
        await systemd.start(proxy.unit);
        nothing = await everything();
      });
      afterAll(() => systemd.stop(proxy.unit));

      /** Fails to install, and leaves everything as it was. */
      async function refused(options: Parameters<typeof install>[1] = {}) {
        const { error } = await install(wanted(), options);
        expect({ error, left: await everything() }).toEqual({ error: expect.anything(), left: nothing });
        return error!;
      }

      test("long names fit into the tables of the proxy", async () => {
        const name = `shop${"-of-many".repeat(6)}`;
        const host = `${"a-".repeat(31)}a.${"b".repeat(63)}.example.com`;
        const socket = `/run/${name}.sock`;
        const path = `${folder}/${proxy.file(name)}`;
        const { text } = proxy.site({ hosts: [host], socket }, { folder, served: [], version: 20_602 });
        const site = { path, text, hosts: [host] };
        const sockets = [{ listen: socket, socketGroup: "www-data", socketMode: "0660" }];
        const { error } = await install(shop.plan({ name, sockets }, { site }));
        expect({ error, served: await serves(host) }).toEqual({ error: undefined, served: true });
        const other = await install({ ...wanted(), site: { ...wanted().site!, hosts: [host] } });
        expect(other.error).toMatchObject({
          message: expect.stringContaining(`${host} is a host name of the service ${name} already`),
        });
        await install(shop.plan({ name, sockets }, { site }), { uninstall: true });
        expect(await everything()).toEqual(nothing);
      });

      test("a folder in which another user may write is refused", async () => {
        for (const attack of ["chmod 777", "chmod g+w", "chown nobody"]) {
          await sh(`mkdir -p ${folder} && ${attack} ${folder}`);
          expect(await refused()).toMatchObject({
            code: "SOCKACT_ERR_INSTALL_PATH",
            message: expect.stringContaining(folder),
          });
          await sh(`chown root ${folder}; chmod 755 ${folder}`);
        }
      });

      test("a symlink in the place of the site is not followed", async () => {
        await sh(
          `mkdir -p ${folder} /etc/elsewhere/user; echo mine > /etc/elsewhere/user/file; chown -R nobody /etc/elsewhere/user`,
        );
        for (const target of ["/etc/elsewhere/user/file", "/etc/elsewhere/user/none", "/etc/shadow"]) {
          const before = await sh(`ls -l /etc/elsewhere/user; cat /etc/shadow`);
          await sh(`ln -s ${target} ${file}`);
          const { error } = await install(wanted(), { force: true });
          expect(error).toMatchObject({ message: expect.stringContaining(file) });
          expect(await sh(`readlink ${file}; ls -l /etc/elsewhere/user; cat /etc/shadow`)).toBe(
            `${target}\n${before}`,
          );
          await sh(`rm ${file}`);
        }
        expect(await everything()).toEqual(nothing);
      });

      test("a symlink in the place of the folder is not followed", async () => {
        await sh(`mkdir -p ${folder}; mv ${folder} ${folder}.real; ln -s /etc/elsewhere/user ${folder}`);
        const { error } = await install(wanted());
        expect(error).toMatchObject({ code: "SOCKACT_ERR_INSTALL_PATH" });
        expect(await sh("ls -A /etc/elsewhere/user")).toBe("file\n");
        await sh(`rm ${folder}; mv ${folder}.real ${folder}`);
        expect(await everything()).toEqual(nothing);
      });

      test("a site that somebody edits before the check is not loaded, and not removed", async () => {
        const call = start(wanted(), { pauseAt: "listening" });
        await call.until("paused");
        await sh(`echo 'nonsense {' >> ${file}`);
        call.resume();
        expect((await call.ended).error).toMatchObject({
          code: "SOCKACT_ERR_INSTALL_UNDO",
          message: expect.stringContaining("is not valid"),
          hint: expect.stringContaining("Correct this fault"),
        });
        await sh(`sed -i '/^nonsense/d' ${file}`);
        await install(wanted(), { uninstall: true });
        expect(await everything()).toEqual(nothing);
      });

      test("a proxy that stops meanwhile leaves nothing behind", async () => {
        const call = start(wanted(), { pauseAt: "listening" });
        await call.until("paused");
        await systemd.stop(proxy.unit);
        call.resume();
        const { error } = await call.ended;
        expect(error).toMatchObject({ code: "SOCKACT_ERR_INSTALL_PROXY" });
        await systemd.start(proxy.unit);
        expect({ error, left: await everything() }).toEqual({ error, left: nothing });
      });

      test("a full disk leaves nothing behind", { timeout: 120_000 }, async () => {
        // The folder of all files of the proxy that change.
        const disk = proxy === caddy ? "/etc/caddy" : folder;
        await sh(`rm -rf ${folder}/none; mkdir -p /etc/elsewhere; cp -a ${disk} /etc/elsewhere/disk`);
        let isInstalled = false;
        for (let free = 0; !isInstalled; free += 1) {
          await sh(`mount -t tmpfs -o mode=755,size=1m tmpfs ${disk}; cp -a /etc/elsewhere/disk/. ${disk}`);
          const fill = `dd if=/dev/zero of=${disk}/.full bs=4k 2> /run/dd || truncate --size=-${free * 4096} ${disk}/.full`;
          await sh(fill);
          const { error } = await install(wanted());
          await sh(`rm ${disk}/.full`);
          isInstalled = error === undefined;
          if (isInstalled) await install(wanted(), { uninstall: true });
          const code = isInstalled ? undefined : "SOCKACT_ERR_INSTALL_WRITE";
          expect({ free, code: error?.code, left: await everything() }).toEqual({
            free,
            code,
            left: nothing,
          });
          await sh(`umount ${disk}`);
        }
        await sh("rm -r /etc/elsewhere/disk");
      });

      test("a kill before any change of a file leaves nothing behind", { timeout: 600_000 }, async () => {
        const { changes = 0 } = await install(wanted());
        await install(wanted(), { uninstall: true });
        for (let change = 0; change < changes; change += 1) {
          await install(wanted(), { killBeforeChange: change });
          // Before its journal is complete, nothing is installed.
          await install(wanted(), { uninstall: true });
          const { state, ...left } = await everything();
          const files = Object.keys(state).filter((path) => !/\/\.sockact-[^/]*\.new$/.test(path));
          expect({ change, ...left, state: files }).toEqual({ change, ...nothing, state: [] });
        }
        await install(wanted());
        await install(wanted(), { uninstall: true });
        expect(await everything()).toEqual(nothing);
      });

      test("a check that hangs ends", { timeout: 120_000 }, async () => {
        const [path, text] = foreign[proxy.name];
        const fifo = `${proxy.config}/${proxy === caddy ? "hangs" : "conf.d/hangs.conf"}`;
        await sh(`mkfifo ${fifo}`);
        if (proxy === caddy) await systemd.write(path, `${text}import hangs\n`);
        const { error } = await install(wanted());
        await sh(`rm ${fifo}`);
        await systemd.write(path, text);
        expect(error).toMatchObject({
          code: "SOCKACT_ERR_INSTALL_PROXY",
          message: expect.stringContaining("60 s"),
        });
        expect(await everything()).toEqual(nothing);
      });
    });

    describe("the Caddyfile", () => {
      const [path, text] = foreign.caddy;
      const { wanted, everything, file } = withProxy(caddy);
      let nothing: Awaited<ReturnType<typeof everything>>;
      beforeAll(async () => {
        await systemd.start(caddy.unit);
        nothing = await everything();
      });

      test("that is one site without braces is named as the cause", async () => {
        const braceless = "# mine\nhttp://other.example.com\nrespond other\n";
        await systemd.write(path, braceless);
        const { error } = await install(wanted());
        expect(error).toMatchObject({
          code: "SOCKACT_ERR_INSTALL_PROXY",
          message: expect.stringContaining(`${path} has one site without braces`),
          hint: expect.stringContaining("http://other.example.com { … }"),
        });
        expect(await sh(`cat ${path}`)).toBe(braceless);
        await systemd.write(path, text);
        expect(await everything()).toEqual(nothing);
      });

      test("that becomes a symlink loses its line with the last site", async () => {
        await install(wanted());
        await sh(
          `mkdir -p /etc/elsewhere/caddy; mv ${path} /etc/elsewhere/caddy/Caddyfile; ln -s /etc/elsewhere/caddy/Caddyfile ${path}`,
        );
        const { error, result } = await install(wanted(), { uninstall: true });
        expect({ error, kept: JSON.stringify(result) }).toEqual({
          error: undefined,
          kept: expect.not.stringContaining("symlink"),
        });
        expect(await sh(`readlink ${path}`)).toBe("/etc/elsewhere/caddy/Caddyfile\n");
        expect(await sh("cat /etc/elsewhere/caddy/Caddyfile")).toBe(text);
        expect((await install(wanted())).error).toBeUndefined();
        expect(await sh("cat /etc/elsewhere/caddy/Caddyfile")).toContain(caddy.include!.line);
        // Another user may replace it now.
        await sh("chown nobody /etc/elsewhere/caddy");
        const { result: left } = await install(wanted(), { uninstall: true });
        expect(JSON.stringify(left)).toContain("/etc/elsewhere/caddy belongs to user");
        expect(await sh(`ls ${file} || echo none`)).toBe("none\n");
        await sh(`rm ${path}`);
        await systemd.write(path, text);
      });
    });
  },
);
