// Apps of other kinds: UDP, unmodified, two on one host, in Python, and in TypeScript with NestJS.
import { expect } from "vitest";
import { jsonIn } from "./lib/json-in.ts";
import { testExamples } from "./lib/test-examples.ts";

/** The lowest user ID that systemd assigns with DynamicUser=. */
const dynamicUser = 61_184;

testExamples({
  udp: {
    alone: {
      "answers a query": ({ shown }) => {
        expect(shown).toContain("shop.home.arpa is 10.0.0.5");
      },
      "answers NXDOMAIN for an unknown name": async ({ type }) => {
        await expect(type("node ask.js 127.0.0.1:5300 wiki.home.arpa")).rejects.toThrow("ENOTFOUND");
      },
    },
    service: {
      "starts with the first query, and answers it": async ({ shown, systemd }) => {
        expect(shown).toMatch(/^inactive\nblog\.home\.arpa is 10\.0\.0\.6$/m);
        await systemd.waitForJournal("example-udp.service", /ready, and the service manager was told/);
      },
      "answers a query that arrives during a restart": async ({ type }) => {
        const commands = "systemctl restart --no-block example-udp; node ask.js 127.0.0.1 shop.home.arpa";
        expect(await type(commands)).toContain("is 10.0.0.5");
      },
    },
  },

  preload: {
    alone: {
      "listens on port 3000, and with the preload on a passed socket": ({ shown }) => {
        expect(jsonIn(shown)).toMatchObject([{ message: "hello" }, { message: "hello" }]);
      },
    },
    service: {
      "serves port 80, and keeps it open during a restart": ({ shown }) => {
        expect(shown).toContain("Serving [::]:80");
        const [before, after] = jsonIn(shown);
        expect(before).toMatchObject({ message: "hello", uid: after!["uid"] });
        expect(before!["uid"]).toBeGreaterThanOrEqual(dynamicUser);
        expect(after!["pid"]).not.toBe(before!["pid"]);
      },
      "does not mention sockact in the app": async ({ type }) => {
        expect(await type("grep -c sockact server.js || true")).toBe("0\n");
      },
    },
  },

  "two-apps": {
    alone: {
      "both apps answer": ({ shown }) => {
        expect(jsonIn(shown)).toMatchObject([{ app: "shop" }, { app: "blog" }]);
      },
    },
    service: {
      "run as separate users, and one keeps running while the other restarts": ({ shown }) => {
        const [shop, blog, restarted, kept] = jsonIn(shown);
        expect([shop, blog, restarted, kept]).toMatchObject(
          ["shop", "blog", "shop", "blog"].map((app) => ({ app })),
        );
        expect(blog!["uid"]).not.toBe(shop!["uid"]);
        expect(restarted!["pid"]).not.toBe(shop!["pid"]);
        expect(kept).toEqual(blog);
      },
      "both appear in the status": ({ shown }) => {
        expect(shown).toMatch(/^example-blog +127\.0\.0\.1:8080 +awake/m);
        expect(shown).toMatch(/^example-shop +\[::\]:80 +awake/m);
      },
    },
  },

  python: {
    commands: ["python3"],
    alone: {
      "opens port 3000 itself": ({ shown }) => {
        expect(shown).toContain("Python is listening on ('127.0.0.1', 3000)");
        expect(jsonIn(shown)).toMatchObject([{ message: "hello" }]);
      },
    },
    service: {
      "serves port 80 in a sandbox that is stricter than the sandbox of a Node app": async ({
        shown,
        type,
      }) => {
        const [before, after] = jsonIn(shown);
        expect(before!["uid"]).toBeGreaterThanOrEqual(dynamicUser);
        expect(after!["pid"]).not.toBe(before!["pid"]);
        expect(shown).toMatch(/^yes\n.*Overall exposure level for example-python\.service: 0\.\d SAFE/m);
        expect(await type(`cat /proc/$(systemctl show -P MainPID example-python)/status`)).toMatch(
          /^CapPrm:\s0+\nCapEff:\s0+$/m,
        );
      },
      "has reported to systemd that it is ready": async ({ systemd }) => {
        expect(await systemd.show("example-python.service", "Type")).toBe("notify");
        expect(await systemd.show("example-python.service", "ActiveState")).toBe("active");
      },
      "has units without findings": ({ shown }) => {
        expect(shown).not.toMatch(/warning|error/i);
      },
      "refuses no client during a restart": async ({ type }) => {
        const restart = "systemctl restart --no-block example-python";
        const ask = "curl -sSf http://localhost/";
        expect(jsonIn(await type(`${restart}; ${ask}; ${ask}; ${ask}`))).toHaveLength(3);
      },
    },
  },

  nestjs: {
    ready: /successfully started/,
    alone: {
      "counts visits on port 3000": ({ shown }) => {
        expect(jsonIn(shown)).toMatchObject([{ visits: 1 }]);
      },
    },
    service: {
      "serves port 80, and calls its shutdown hook at a restart": async ({ shown, systemd }) => {
        const [first, second, restarted] = jsonIn(shown);
        expect(second).toEqual({ ...first, visits: (first!["visits"] as number) + 1 });
        expect(second!["uid"]).toBeGreaterThanOrEqual(dynamicUser);
        expect(restarted).toMatchObject({ visits: 1 });
        expect(restarted!["pid"]).not.toBe(second!["pid"]);
        await systemd.waitForJournal("example-nestjs.service", /Stopped by SIGTERM after \d visits/);
      },
    },
  },
});
