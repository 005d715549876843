import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import process from "node:process";
import {
  bootPrivateSystemd,
  describeWith,
  type PrivateSystemd,
  LONG_ONLY,
  isLongRun,
} from "@sockact/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { emitUnits, type AppDescription } from "../src/index.ts";

/** `npm run test:long` has both statuses. */
const statuses = process.env["SOCKACT_LONG"] ? [0, 1] : [1];

/** Where each start leaves a byte; every user may write there. */
const starts = "/run/starts/list";

const small = `#!/bin/sh
echo >>${starts}
`;

describeWith(
  { privateSystemd: true },
  "a service that ends without accepting the connection that waits",
  () => {
    let systemd: PrivateSystemd;

    beforeAll(async () => {
      systemd = await bootPrivateSystemd();
      await systemd.mustRun(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/srv"]);
      await systemd.mustRun(["mkdir", "--mode=777", "/run/starts"]);
      for (const status of [0, 1, 42]) {
        await systemd.write(`/srv/ends-${status}`, `${small}exit ${status}\n`, 0o755);
        await systemd.write(
          `/srv/ends-${status}.js`,
          `require("node:fs").appendFileSync("${starts}", "\\n"); process.exit(${status});`,
        );
      }
    });
    afterAll(() => systemd?.close());
    afterEach(async () => {
      // From systemd 262 on, a name that no unit has keeps the others from being stopped.
      await systemd.run(["systemctl", "stop", "app.*", "app@*"]);
      await systemd.run(["systemctl", "reset-failed"]);
    });

    const countStarts = async (): Promise<number> =>
      (await readFile(systemd.hostPath(starts), "utf8").catch(() => "")).length;

    /** Installs the units, and lets one connection wait. */
    async function letOneWait(description: Partial<AppDescription>, socket = "app.socket"): Promise<void> {
      await rm(systemd.hostPath(starts), { force: true });
      const units = emitUnits({
        name: "app",
        exec: ["/srv/ends-0"],
        readWritePaths: ["/run/starts"],
        supplementaryGroups: ["daemon"],
        sockets: [{ listen: "/run/waits.sock" }],
        ...description,
      });
      await systemd.installUnits(units, { verify: false });
      await systemd.start(socket);
      const connect = `require("node:net").connect("/run/waits.sock", () => console.log()).on("error", () => console.log()); setInterval(() => {}, 60_000)`;
      await once(systemd.spawn([systemd.node, "-e", connect]).stdout!, "data");
    }

    /** How often it has been started in another way than by a restart, at its third restart or a later one. */
    async function startsBesideRestarts(service = "app.service"): Promise<number> {
      let begun = 0;
      let restarts = 0;
      await systemd.waitUntil(
        async () => {
          // In this order: a start that comes in between is one less to count.
          begun = await countStarts();
          restarts = Number(await systemd.show(service, "NRestarts"));
          return restarts >= 3;
        },
        "it has been restarted three times",
        15_000,
      );
      return begun - restarts;
    }

    describe.each([
      ["a small program", (status: number) => [`/srv/ends-${status}`]],
      ["Node", (status: number) => [systemd.node, `/srv/ends-${status}.js`]],
    ])("%s", (_, exec) => {
      it.each(statuses)(
        "that exits with %i is started once by the connection, then once a second",
        async (status) => {
          await letOneWait({ exec: exec(status) });
          expect(await startsBesideRestarts()).toBeLessThanOrEqual(1);
          expect(await systemd.show("app.socket", "ActiveState")).toBe("active");
        },
      );
    });

    it.each([
      ["no", 0],
      ["no", 1],
      ["on-success", 1],
      ["on-abnormal", 0],
    ] as const)(
      "fails its socket at systemd's own limit of starts with restart: '%s' and status %i",
      async (restart, status) => {
        await letOneWait({ exec: [`/srv/ends-${status}`], restart });
        await systemd.waitForUnit("app.socket", "ActiveState", "failed");
        expect(await systemd.show("app.socket", "Result")).toBe("service-start-limit-hit");
        expect(await countStarts()).toBe(5);
      },
    );

    it("is not restarted more often with a notifying type", async () => {
      await letOneWait({ exec: [systemd.node, "/srv/ends-0.js"], type: "notify" });
      expect(await startsBesideRestarts()).toBeLessThanOrEqual(1);
      expect(await systemd.show("app.socket", "ActiveState")).toBe("active");
    });

    it.runIf(isLongRun)(
      `is not restarted more often as an instance that takes turns, or of a template${LONG_ONLY}`,
      async () => {
        await letOneWait({ exec: [systemd.node, "/srv/ends-0.js"], rolling: true });
        expect(await startsBesideRestarts("app@blue.service")).toBeLessThanOrEqual(1);
        expect(await systemd.show("app.socket", "ActiveState")).toBe("active");
        await systemd.stop("app.socket", "app@blue.service");
        await letOneWait(
          { template: true, sockets: [{ listen: { specifier: "/run/waits.sock" } }] },
          "app@one.socket",
        );
        expect(await startsBesideRestarts("app@one.service")).toBeLessThanOrEqual(1);
        expect(await systemd.show("app@one.socket", "ActiveState")).toBe("active");
      },
    );

    /** How often it has been started by the time that a sleep of four seconds has ended. */
    async function startsInAWhile(): Promise<number> {
      await systemd.mustRun(["sleep", "4"]);
      return countStarts();
    }

    it.each(statuses)("is started about once a second behind a proxy, too: %i", async (status) => {
      await letOneWait({ exec: [`/srv/ends-${status}`], bind: "proxy", backend: "/run/app/app.sock" });
      expect(await startsInAWhile()).toBeLessThanOrEqual(8);
      expect(await countStarts()).toBeGreaterThan(1);
      expect(await systemd.show("app.socket", "ActiveState")).toBe("active");
    });

    it.runIf(isLongRun)(
      `is asked for about once a second whether it may start, and starts when it may${LONG_ONLY}`,
      async () => {
        await systemd.write("/srv/asked", `${small}test -e /run/starts/allowed\n`, 0o755);
        await letOneWait({ exec: ["/bin/sleep", "infinity"], execCondition: [["/srv/asked"]] });
        expect(await startsInAWhile()).toBeLessThanOrEqual(8);
        expect(await countStarts()).toBeGreaterThan(1);
        expect(await systemd.show("app.socket", "ActiveState")).toBe("active");
        await systemd.write("/run/starts/allowed", "");
        await systemd.waitForUnit("app.service", "ActiveState", "active");
      },
    );

    it("fails its socket at systemd's own limit when the path of its condition is missing", async () => {
      await letOneWait({ conditionPathExists: "/nowhere" });
      await systemd.waitForUnit("app.socket", "ActiveState", "failed");
      expect(await systemd.show("app.socket", "Result")).toBe("trigger-limit-hit");
      expect(await countStarts()).toBe(0);
    });
  },
);
