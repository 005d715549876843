import { describeWith, type PrivateSystemd } from "@sockact/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { useMachine } from "./machine.ts";

/** The same app in each framework. The first line may fail. */
const frameworks = {
  express: `const app = require("express")();
app.use(require("@sockact/express").systemdListen());
FAILURE
app.get("/", (req, res) => res.send("works"));
app.listen(3000);
`,
  koa: `const app = new (require("koa"))();
app.use(require("@sockact/koa").systemdListen());
FAILURE
app.use((ctx) => { ctx.body = "works"; });
app.listen(3000);
`,
  fastify: `const app = require("fastify")();
app.register(require("@sockact/fastify").systemdListen);
FAILURE
app.get("/", async () => "works");
app.listen({ port: 3000 });
`,
};

describeWith(
  { privateSystemd: true, systemd: 253, commands: ["caddy", "nginx", "curl"] },
  "visitors of an app that fails at its start",
  () => {
    const machine = useMachine();
    let systemd: PrivateSystemd;

    beforeAll(async () => {
      ({ systemd } = machine);
      await systemd.mustRun(["mkdir", "/srv/apps"]);
      const packages = Object.keys(frameworks).flatMap((name) => [name, `@sockact/${name}`]);
      machine.packed.install(systemd.hostPath("/srv/apps"), packages);
      const folders = `mkdir -p /var/log/nginx /var/lib/nginx /var/lib/caddy && chown caddy:caddy /var/lib/caddy
      echo '<p>nginx' > /run/index.html
      sed -i 's|root /var/www/html|root /run|' /etc/nginx/sites-available/default`;
      await systemd.mustRun(["sh", "-ec", folders]);
      await systemd.write("/etc/caddy/Caddyfile", "{\n\tlocal_certs\n\tskip_install_trust\n}\n");
    }, 60_000);

    describe.each(["caddy", "nginx"] as const)("with %s", (proxy) => {
      test.each(Object.entries(frameworks))(
        "%s: get one page each, and the corrected app after that",
        { tags: "campaign", timeout: 120_000 },
        async (framework, app) => {
          // The journal of a service has its earlier lines too.
          const name = `${framework}-${proxy}`;
          const write = (failure: string) =>
            systemd.write(`/srv/apps/${name}.cjs`, app.replace("FAILURE", failure));
          const url = `${proxy === "caddy" ? "https" : "http"}://${name}.example.com/`;
          const ask = () =>
            systemd.mustRun([
              "curl",
              "--silent",
              "--insecure",
              "--max-time",
              "40",
              "--write-out",
              " %{http_code}",
              "--connect-to",
              `${name}.example.com:443:127.0.0.1:443`,
              "--connect-to",
              `${name}.example.com:80:127.0.0.1:80`,
              url,
            ]);
          await systemd.start(`${proxy}.service`);
          await write("");
          // An app that sleeps starts only for its visitors.
          const sleeps = framework === "koa" ? [] : ["--idle-timeout", "2s"];
          const options = [
            "--name",
            name,
            "--host",
            `${name}.example.com`,
            "--proxy",
            proxy,
            "--yes",
            ...sleeps,
          ];
          const installed = await machine.call("/srv/apps", ["install", `${name}.cjs`, ...options]);
          expect(installed).toMatchObject({ code: 0 });

          await write(`throw new Error("no database");`);
          await systemd.stop(`${name}.service`);
          const answers = await Promise.all(Array.from({ length: 20 }, ask));
          expect([...new Set(answers)]).toEqual([
            "This site is not available at the moment. Please try again in a minute.\n 503",
          ]);
          await systemd.waitForJournal(`${name}.service`, /SOCKACT_ERR_START_FAILED/);
          await systemd.waitForJournal(`${name}.service`, /Failed with result 'exit-code'/);
          const { stdout } = await machine.call("/", ["doctor", name]);
          expect(stdout).toContain("no database");

          await write("");
          if (framework === "koa") await systemd.restart(`${name}.service`);
          else await systemd.waitForUnit(`${name}.service`, "ActiveState", "failed");
          expect(await ask()).toBe("works 200");
          await machine.uninstall(name);
          await systemd.stop(`${proxy}.service`);
        },
      );
    });
  },
);
