import { fileURLToPath } from "node:url";
import { describeWith } from "@sockact/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
// By their paths, because @sockact/units has the testkit as a dependency.
import { AppUnderLoad } from "../../testkit/src/app-under-load.ts";
import { during } from "../../testkit/src/during.ts";

const program = fileURLToPath(new URL("programs/answers-pid.mjs", import.meta.url));
const asked = { requests: [{ method: "GET", path: "/" }], answer: String.raw`^\{"pid":\d+\}$` };

describeWith({ privateSystemd: true, systemd: 253 }, "a stop after a handover", () => {
  let app: AppUnderLoad;
  beforeAll(async () => {
    app = await AppUnderLoad.boot();
    await app.install(program, { handover: true, hardening: "inbound" });
    await app.systemd.request(app.url);
    // The first answer may come before READY=1.
    await app.systemd.waitForUnit("app.service", "ActiveState", "active");
    await app.systemd.systemctl("reload", "app.service");
    await app.systemd.waitForJournal("app.service", /^sockact: drained$/);
  });
  afterAll(() => app?.[Symbol.asyncDispose]());

  // systemd waits only for its own children, and kills any other process at once.
  test("systemd is the parent of the new process", async () => {
    const journal = await app.systemd.journal("app.service", "manager");
    expect(journal.filter((line) => line.includes("not our child"))).toEqual([]);
  });

  test("a restart loses no request", { timeout: 60_000 }, async () => {
    const clients = app.load("thinking", { clients: 16, keepAlive: true, think: 50, away: 20, ...asked });
    const results = await during({ clients }, 1, () => app.systemd.restart("app.service"));
    expect(results.clients).toMatchObject({ lost: 0 });
    const journal = await app.systemd.journal("app.service", "manager");
    expect(journal.filter((line) => line.includes("SIGKILL"))).toEqual([]);
  });
});
