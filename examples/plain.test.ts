// Express, Koa and Fastify on ports 80 and 443.
import { expect } from "vitest";
import { type ExampleTests, testExamples } from "./lib/test-examples.ts";

const plain = (framework: string): ExampleTests => ({
  alone: {
    "listens on port 3000": ({ shown }) => {
      expect(shown).toMatch(/is listening on .*port: 3000/);
      expect(shown).toContain(`{"framework":"${framework}","uid":`);
    },
  },
  service: {
    "serves both ports from one process, as a separate user without privileges": async ({ shown, type }) => {
      expect(shown).toContain(`http://localhost/ answers 200 OK`);
      expect(shown).toMatch(/Serving \[::\]:(?:80, \[::\]:443|443, \[::\]:80)$/m);
      const http = JSON.parse(await type("curl -s http://localhost/api/whoami"));
      expect(JSON.parse(await type("curl -s http://localhost:443/api/whoami"))).toEqual(http);
      expect(http.uid, "a dynamic user").toBeGreaterThanOrEqual(61_184);
      expect(await type(`cat /proc/${http.pid}/status`)).toMatch(/^CapPrm:\s0+\nCapEff:\s0+$/m);
    },
  },
});

testExamples({ express: plain("express"), koa: plain("koa"), fastify: plain("fastify") });
