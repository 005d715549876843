import {
  bootPrivateSystemd,
  certificateOf,
  describeWith,
  type PrivateSystemd,
  typeCommands,
} from "@sockact/testkit";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import * as fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { build, type Built } from "../.vitepress/theme/builder/model/build.ts";
import { initialState } from "../.vitepress/theme/builder/model/state.ts";
import { choices, withProgram } from "./lib/builder-states.ts";

// notify-reload needs systemd 253.
describeWith(
  { privateSystemd: true, systemd: 253 },
  "the units of the unit builder, in a real systemd,",
  () => {
    let systemd: PrivateSystemd;
    beforeAll(async () => {
      systemd = await bootPrivateSystemd();
      await systemd.mustRun(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/srv"]);
      await systemd.mustRun(["mkdir", "/srv/shop"]);
      await systemd.mustRun(["ln", "-s", `${systemd.project}/node_modules`, "/srv/shop/node_modules"]);
    });
    afterAll(() => systemd?.close());

    const namesOf = ({ files }: Built) => files.map(({ name }) => name);
    let installed: Built | undefined;
    afterEach(async () => {
      if (installed === undefined) return;
      await systemd.stop(...namesOf(installed));
      await systemd.mustRun(["rm", ...namesOf(installed).map((name) => `/run/systemd/system/${name}`)]);
      installed = undefined;
    });

    it("pass systemd-analyze verify without output", async () => {
      const states = fc.sample(choices, { numRuns: 80, seed: 1 }).map((state, index) => ({
        ...withProgram({ ...state, runtime: systemd.node, arguments: "" }),
        app: `sample${index}`,
        user: state.user && "daemon",
        sockets: state.sockets.map((socket) => ({
          ...socket,
          listen: socket.listen.replace(/^\/.*/, `/run/sample${index}.sock`),
        })),
      }));
      const files = states.flatMap((state) => build(state).files);
      expect(files.length).toBeGreaterThan(60);
      const paths = files.map(({ name }) => `/run/systemd/system/${name}`);
      for (const [index, { text }] of files.entries()) await systemd.write(paths[index]!, text);
      expect(await systemd.run(["systemd-analyze", "verify", ...paths])).toEqual({
        stdout: "",
        stderr: "",
        code: 0,
      });
    });

    it.each([
      ["express", "socket"],
      ["unchanged", "socket"],
      ["koa", "capability"],
      ["http", "capability"],
      ["fastify", "proxy"],
      ["unchanged", "proxy"],
    ] as const)(
      "serve %s on port 80 through a %s, and the app reports that it is ready",
      async (framework, bind) => {
        const hardening = "inbound";
        const state = {
          ...initialState,
          framework,
          bind,
          hardening,
          runtime: systemd.node,
          systemd: 253,
        } as const;
        installed = build({ ...state, watchdog: "30s" });
        await systemd.write("/srv/shop/server.js", installed.code!.text);
        await systemd.installUnits(Object.fromEntries(installed.files.map(({ name, text }) => [name, text])));
        await systemd.start(bind === "capability" ? "shop.service" : "shop.socket");
        expect((await systemd.request("http://localhost/")).body).toBe("hello");
        // With notify-reload, a service is active only after READY=1.
        await systemd.waitForUnit("shop.service", "ActiveState", "active");
        expect(await systemd.show("shop.service", "Type")).toBe("notify-reload");
      },
    );

    describe("a newcomer with the downloaded files", () => {
      // The user of the test is root, and no registry can be reached.
      const programs = {
        sudo: 'exec "$@"',
        npm: '[ "$1 $2" = "install --prefix" ] && exec ln -s "$MODULES" "$3/node_modules"',
        npx: 'exec "node_modules/.bin/$@"',
      };
      const folder = "/root/downloads";

      beforeAll(async () => {
        await systemd.mustRun(["mount", "-t", "tmpfs", "-o", "mode=700", "tmpfs", "/root"]);
        await systemd.write("/root/.curlrc", "max-time = 15\n");
        for (const [name, script] of Object.entries(programs))
          await systemd.write(`/root/bin/${name}`, `#!/bin/sh\n${script}\n`, 0o755);
      });
      afterEach(() => systemd.mustRun(["rm", "-r", "/srv/web", folder]));

      const writeFiles = async ({ files, code, config }: Built): Promise<void> => {
        for (const { name, text } of files) await systemd.write(`${folder}/${name}`, text);
        await systemd.write(`${folder}/${code!.file}`, code!.text);
        await systemd.write(`${folder}/${config.file}`, config.text);
      };
      const environment = () => ({
        PATH: `/root/bin:${dirname(systemd.node)}:/usr/sbin:/usr/bin:/sbin:/bin`,
        MODULES: `${systemd.project}/node_modules`,
        HOME: "/root",
      });

      it("with sockact, gets the service that sockact install writes without a config", async () => {
        const app = { app: "web", runtime: systemd.node, script: "/srv/web/server.js" };
        const result = build({ ...initialState, ...app });
        await writeFiles(result);
        const spawn = systemd.spawn.bind(systemd);
        const typed = typeCommands(spawn, result.shell.withSockact, { cwd: folder, env: environment() });
        expect([await typed.ended, typed.shown]).toEqual([0, expect.anything()]);
        await systemd.mustRun(["rm", "/srv/web/sockact.config.mjs"]);
        const options = { cwd: "/srv/web", env: environment() };
        const command = ["npx", "sockact", "units", "server.js", "--name", "web", "--listen", "80", "--diff"];
        expect(await systemd.mustRun(command, options)).toBe("");
        await systemd.mustRun(["npx", "sockact", "uninstall", "web", "--yes"], options);
      });

      describeWith({ commands: ["caddy", "nginx"] }, "and a proxy", () => {
        beforeAll(async () => {
          const folders =
            "mkdir -p /var/log/nginx /var/lib/nginx /var/lib/caddy; rm /etc/nginx/sites-enabled/default";
          await systemd.mustRun(["sh", "-ec", `${folders}; chown caddy:caddy /var/lib/caddy`]);
          await systemd.write("/etc/caddy/Caddyfile", "{\n\tskip_install_trust\n}\n");
        });

        it.each(["Caddy", "nginx"] as const)(
          "gets an answer by the host name, by hand (%s)",
          async (proxy) => {
            const app = { app: "web", runtime: systemd.node, script: "/srv/web/server.js" };
            // The names below localhost need no DNS, and Caddy has a certificate for them.
            const result = build({
              ...initialState,
              ...app,
              bind: "host",
              hosts: "web.localhost",
              systemd: 253,
            });
            const unit = `${proxy.toLowerCase()}.service`;
            await systemd.start(unit);
            await writeFiles(result);
            const { file, text, commands } = result.sites.find((site) => site.proxy === proxy)!;
            await systemd.write(`${folder}/${file}`, text);
            const ask = "curl --silent --fail --insecure --location http://web.localhost/";
            const typed = typeCommands(
              systemd.spawn.bind(systemd),
              // nginx applies its configuration after the reload, and Caddy makes a certificate then.
              `${result.shell.byHand}${commands}until ${ask}; do :; done`,
              { cwd: folder, env: environment() },
            );
            expect([await typed.ended, typed.shown]).toEqual([0, expect.stringMatching(/hello$/)]);
            await systemd.stop(unit, ...namesOf(result));
            await systemd.mustRun(["rm", "-rf", "/var/lib/web", "/var/lib/private/web"]);
            await systemd.mustRun(["rm", ...namesOf(result).map((name) => `/etc/systemd/system/${name}`)]);
            await systemd.systemctl("daemon-reload");
          },
        );
      });

      it.each(["byHand", "withSockact"] as const)(
        "gets an answer on each port after running the commands (%s)",
        async (way) => {
          const result = build({
            ...initialState,
            app: "web",
            runtime: systemd.node,
            script: "/srv/web/server.js",
            sockets: [
              { listen: "80", name: "http", tls: false },
              { listen: "443", name: "https", tls: true },
            ],
            certificate: "/root/cert.pem",
            privateKey: "/root/key.pem",
            user: "web",
            environment: "TITLE=My shop\nLOG_LEVEL=debug",
            environmentFile: "/root/web.env",
            folder: "/srv/web/my uploads",
            memory: "512M",
            idle: "5min",
            watchdog: "30s",
            systemd: 253,
          });
          const { cert, key } = certificateOf("localhost");
          await systemd.write("/root/cert.pem", readFileSync(cert, "utf8"));
          await systemd.write("/root/key.pem", readFileSync(key, "utf8"), 0o600);
          await systemd.write("/root/web.env", "LOG_LEVEL=info\n", 0o600);
          await writeFiles(result);
          // The shell stops at the first command that fails.
          const typed = typeCommands(systemd.spawn.bind(systemd), result.shell[way], {
            cwd: folder,
            env: environment(),
          });
          expect([await typed.ended, typed.shown]).toEqual([0, expect.anything()]);
          expect(typed.shown).toMatch(
            way === "byHand" ? /hellohello$/ : /http:\S+ answers 200 [^]*https:\S+ answers 200 /,
          );
          expect((await systemd.request("http://localhost/")).body).toBe("hello");
          expect(await systemd.show("web.service", "User")).toBe("web");
          expect(await systemd.show("web.service", "MemoryMax")).toBe(String(512 * 1024 ** 2));
          const pid = await systemd.show("web.service", "MainPID");
          const variables = await systemd.mustRun(["cat", `/proc/${pid}/environ`]);
          expect(variables.split("\0")).toEqual(expect.arrayContaining(["TITLE=My shop", "LOG_LEVEL=info"]));
          // As the user of the app, in its sandbox.
          const enter = ["nsenter", `--target=${pid}`, "--mount", "setpriv", "--reuid=web", "--clear-groups"];
          await systemd.mustRun([...enter, "touch", "/srv/web/my uploads/one"]);
          expect((await systemd.run([...enter, "touch", "/srv/web/two"])).stderr).toContain("Read-only");
          await systemd.stop(...namesOf(result));
          await systemd.mustRun(["userdel", "web"]);
          await systemd.mustRun(["rm", ...namesOf(result).map((name) => `/etc/systemd/system/${name}`)]);
          await systemd.systemctl("daemon-reload");
        },
      );
    });
  },
);
