// Apps on ports 80 and 443.
import { expect } from "vitest";
import type { InstalledExample } from "./lib/running-example.ts";
import { type ExampleTests, testExamples } from "./lib/test-examples.ts";

async function ask({ systemd }: InstalledExample, path: string, body?: string) {
  const post = { method: "POST", headers: { "content-type": "application/json" }, body: body ?? "" };
  const url = `http://localhost${path}`;
  const answer = await systemd.request(body === undefined ? url : { url, ...post });
  return { status: answer.status, json: JSON.parse(answer.body) };
}

const plain = (framework: string): ExampleTests => ({
  alone: {
    "listens on port 3000, and takes the sockets that it is passed": ({ shown }) => {
      expect(shown).toMatch(/is listening on .*port: 3000/);
      expect(shown.match(new RegExp(`{"framework":"${framework}","uid":`, "g"))).toHaveLength(2);
    },
  },
  service: {
    greets: async ({ systemd }) => {
      const { status, body } = await systemd.request("http://localhost/");
      expect({ status, body }).toMatchObject({
        status: 200,
        body: expect.stringMatching(new RegExp(`Hello from ${framework}`, "i")),
      });
    },
    "serves both ports from one process, as a separate user without privileges": async (example) => {
      expect(example.shown).toMatch(/Serving \[::\]:(?:80, \[::\]:443|443, \[::\]:80)$/m);
      const http = await ask(example, "/api/whoami");
      expect(await ask(example, ":443/api/whoami")).toEqual(http);
      expect(http.json).toMatchObject({ framework, remoteAddress: "::1" });
      expect(http.json.uid, "a dynamic user").toBeGreaterThanOrEqual(61_184);
      const status = await example.systemd.mustRun(["cat", `/proc/${http.json.pid}/status`]);
      expect(status).toMatch(/^CapPrm:\s0+\nCapEff:\s0+$/m);
    },
    "echoes JSON, and refuses a body that is not JSON": async (example) => {
      const body = JSON.stringify({ text: "grüße", list: [1, null] });
      expect(await ask(example, "/api/echo", body)).toEqual({ status: 200, json: JSON.parse(body) });
      expect(await ask(example, "/api/echo", "{")).toMatchObject({ status: 400 });
    },
    "answers errors and unknown paths with JSON": async (example) => {
      const failed = { status: 500, json: { error: "Internal server error" } };
      expect(await ask(example, "/api/fail")).toEqual(failed);
      await example.systemd.waitForJournal(`example-${framework}.service`, /This route always fails/);
      const unknown = { status: 404, json: { error: "No GET /nowhere here" } };
      expect(await ask(example, "/nowhere")).toEqual(unknown);
    },
  },
});

testExamples({
  express: { ...plain("express"), withNpm: true, inNpmTest: true },
  koa: plain("koa"),
  fastify: plain("fastify"),
  https: {
    commands: ["openssl"],
    alone: {
      "redirects from http to https, with a certificate that curl accepts": ({ shown }) => {
        expect(shown).toMatch(/^HTTP\/1\.1 308 [^]*^Location: https:\/\/localhost:3443\/$/m);
        expect(shown).toContain('{"hello":"over https"');
      },
    },
    service: {
      "redirects from port 80 to port 443, with a certificate that curl accepts": ({ shown }) => {
        expect(shown).toMatch(/^HTTP\/1\.1 308 [^]*^Location: https:\/\/localhost\/$/m);
        expect(shown).toContain('{"hello":"over https"');
      },
      "can't read the key itself": async ({ systemd }) => {
        expect(await systemd.mustRun(["stat", "--format=%a %U", "/etc/example-https/key.pem"])).toBe(
          "600 root\n",
        );
        expect(await systemd.show("example-https.service", "DynamicUser")).toBe("yes");
      },
    },
  },
});
