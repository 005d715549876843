import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AppUnderLoad, describeWith, during, randomFrom } from "@sockact/testkit";

const program = fileURLToPath(new URL("programs/handover-cluster.mjs", import.meta.url));
const STOPS = 50;
/** In this time, all workers of a cluster start, in milliseconds. */
const START = 600;

const busy = {
  connections: 8,
  requests: [{ method: "GET", path: "/" }],
  answer: String.raw`^\{"pid":\d+,`,
};

describeWith(
  { privateSystemd: true, systemd: 253, tags: "campaign" },
  "a cluster that stops while it starts",
  () => {
    let app: AppUnderLoad;
    beforeAll(async () => {
      app = await AppUnderLoad.boot();
    });
    afterAll(() => app?.[Symbol.asyncDispose]());

    test.each(["control-group", "mixed"] as const)(
      `KillMode=%s: at ${STOPS} random moments, under load, it ends with 0, and no request is lost`,
      async (killMode) => {
        const { systemd } = app;
        await app.install(program, { killMode, environment: { CRASH: "/run/crash", WORKERS: "4" } });
        const random = randomFrom(20);
        const loads = {
          "keep-alive": app.load("busy", { ...busy, keepAlive: true }),
          "Connection: close": app.load("busy", { ...busy, keepAlive: false }),
        };
        const results = await during(loads, 1, async () => {
          for (let count = 0; count < STOPS; count++) {
            await systemd.stop("app.service");
            // A client that waits starts it again.
            await delay(random() * START);
          }
        });
        for (const [kind, { failed, lost, resets }] of Object.entries(results))
          expect({ kind, failed, lost, resets }).toEqual({ kind, failed: {}, lost: 0, resets: 0 });
        const messages = (await systemd.journal("app.service", "manager")).join("\n");
        expect(messages.match(/Stopped app\.service/g)?.length).toBeGreaterThanOrEqual(STOPS);
        expect(messages).not.toMatch(/Main process exited|Failed with result/);
      },
    );
  },
);
