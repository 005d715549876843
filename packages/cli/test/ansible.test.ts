// The Ansible role, with a real Ansible and a real systemd. The files in ansible/ have its tests, which share
// a host.
import { describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { drained } from "./ansible/drain.ts";
import { failures } from "./ansible/failures.ts";
import { ask, bootHost, deploy, writeRelease } from "./ansible/host.ts";
import { kills } from "./ansible/kills.ts";
import { locks } from "./ansible/locks.ts";
import { refusals } from "./ansible/refusals.ts";
import { rollouts } from "./ansible/rollouts.ts";

// A run of Ansible starts about 40 processes.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 200_000 });

const commands = ["ansible-playbook", "ansible-lint", "pkill"];

describeWith({ privateSystemd: true, systemd: 253, commands, tags: "campaign" }, "the Ansible role:", () => {
  let systemd: PrivateSystemd;

  beforeAll(async () => {
    systemd = await bootHost();
  });
  afterAll(() => systemd?.close());

  test("deploys an app to a new host", async () => {
    await using fresh = await bootHost();
    await writeRelease(fresh, { version: "1", config: { handover: true } });
    expect(await deploy(fresh, "1")).toMatchObject({ code: 0, recap: { failed: 0, rescued: 0 } });
    expect(await ask(fresh)).toMatchObject({ version: "1" });
  });

  for (const suite of [rollouts, drained, failures, kills, locks, refusals]) suite(() => systemd);
});
