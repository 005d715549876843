// Five apps behind one proxy: with the Caddy and the nginx of this machine.
import { once } from "node:events";
import { describeWith } from "@sockact/testkit";
import { describe, expect } from "vitest";
import { jsonIn } from "./lib/json-in.ts";
import type { InstalledExample } from "./lib/running-example.ts";
import { testExamples } from "./lib/test-examples.ts";

const names = ["shop", "blog", "wiki", "notes", "clock"];
const services = names.map((name) => `example-many-${name}.service`);

const folders = `mkdir -p /var/log/nginx /var/lib/nginx /var/lib/caddy
chown caddy:caddy /var/lib/caddy
rm -f /etc/nginx/sites-enabled/default
printf '{\\n\\tskip_install_trust\\n}\\n' > /etc/caddy/Caddyfile`;

/** The processes of an app, from 20 requests at once. */
async function processesOf(name: string, { type }: InstalledExample): Promise<Set<unknown>> {
  const url = `http://${name}.localhost/?[1-20]`;
  const shown = await type(`curl --silent --location --insecure --parallel --parallel-max 20 '${url}'`);
  const answers = jsonIn(shown);
  expect(answers).toHaveLength(20);
  return new Set(answers.map(({ pid }) => pid));
}

const activeStates = ({ systemd }: InstalledExample) =>
  Promise.all(services.map((service) => systemd.show(service, "ActiveState")));

// Only root can install a site.
describeWith({ privateSystemd: true, tags: "campaign" }, "as root", () =>
  describe.each(["caddy", "nginx"] as const)("behind %s", (proxy) => {
    const scheme = proxy === "caddy" ? "https" : "http";
    testExamples({
      "many-apps": {
        commands: ["caddy", "nginx"],
        ready: /The clock is listening/,
        alone: {
          "listen on ports of their own": async ({ shown, type }) => {
            expect(jsonIn(shown)).toMatchObject([{ app: "shop" }]);
            expect(jsonIn(await type("curl -s 'http://localhost:[3002-3005]/'"))).toMatchObject(
              names.slice(1).map((app) => ({ app })),
            );
          },
        },
        prepare: async (systemd) => {
          await systemd.mustRun(["sh", "-ec", folders]);
          await systemd.stop("caddy.service", "nginx.service");
          await systemd.start(`${proxy}.service`);
        },
        service: {
          "answer by their host names, each as one process that knows the client": ({ shown }) => {
            const answers = jsonIn(shown);
            expect(answers).toMatchObject(names.map((app) => ({ app, scheme })));
            for (const { client } of answers) expect(["127.0.0.1", "::1"]).toContain(client);
            expect(new Set(answers.map(({ pid }) => pid)).size).toBe(names.length);
          },
          "are all asleep again": ({ shown }) => {
            const lines = shown.match(/^example-many-\S+ .*/gm)!;
            const states = lines.map((line) => /awake|asleep/.exec(line)?.[0]);
            // On a slow machine, the first one may sleep again before the last one is asked.
            expect(states).toHaveLength(2 * names.length);
            expect(states.slice(names.length)).toEqual(names.map(() => "asleep"));
          },
          "start one process each for 20 visitors at once": async (example) => {
            for (const name of names) expect((await processesOf(name, example)).size).toBe(1);
          },
          "sleep while a visitor reads the events of one of them": async (example) => {
            const { systemd } = example;
            const curl = ["curl", "--silent", "--no-buffer", "--location", "--insecure"];
            const reader = systemd.spawn([...curl, "http://clock.localhost/events"]);
            try {
              await once(reader.stdout!, "data");
              // Without its reader, the clock would sleep before these.
              for (const name of names.slice(0, -1)) await processesOf(name, example);
              for (const service of services.slice(0, -1))
                await systemd.waitForUnit(service, "ActiveState", "inactive");
              expect(await activeStates(example)).toEqual([
                ...names.slice(1).map(() => "inactive"),
                "active",
              ]);
            } finally {
              reader.kill();
            }
            await systemd.waitForUnit(services.at(-1)!, "ActiveState", "inactive");
          },
        },
      },
    });
  }),
);
