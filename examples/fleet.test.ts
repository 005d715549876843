// Three hosts behind HAProxy: every scenario of examples/fleet, with clients that send requests.
import { describeWith, PackedPackages } from "@sockact/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Fleet, requirements } from "./fleet/fleet.ts";
import { install } from "./fleet/install.ts";
import { addresses } from "./fleet/scenarios/addresses.ts";
import { balancerReload } from "./fleet/scenarios/balancer-reload.ts";
import { badCertificate, newCertificate, reloadedCertificate } from "./fleet/scenarios/certificates.ts";
import { checkHosts } from "./fleet/scenarios/check.ts";
import { badVersion, newVersion } from "./fleet/scenarios/deploy.ts";
import { badNode, newNode } from "./fleet/scenarios/node.ts";
import { powerCut } from "./fleet/scenarios/power-cut.ts";
import { reboot } from "./fleet/scenarios/reboot.ts";
import { lostHost, rollingReboot } from "./fleet/scenarios/reboots.ts";
import { newSockact } from "./fleet/scenarios/sockact.ts";
import { recorded, silent } from "./fleet/story.ts";

const nothingLost = { lost: 0, failed: {} };

/** Puts fixed values in place of counts and times. */
const masked = (text: string): string =>
  text
    .replace(/[\d,]+ requests/, "9,215 requests")
    .replace(/took [\d,]+ ms/, "took 412 ms")
    .replace(/\d+ with 1001/, "6 with 1001")
    .replace(/\d+ connections/, "41 connections")
    .replace(/after \d+ s/, "after 4 s");

describeWith({ ...requirements, tags: "campaign" }, "three hosts behind HAProxy", () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await Fleet.start(await PackedPackages.packForRun());
    const release = await fleet.releases.make();
    await Promise.all(fleet.hosts.map((host) => install(fleet, host, release)));
    for (const host of fleet.hosts) await fleet.waitForHost(host, "UP");
  }, 240_000);
  afterAll(() => fleet?.[Symbol.asyncDispose]());

  test("see the client's address, with both versions of the PROXY protocol, with TLS at HAProxy and at the app, and for WebSockets", async () => {
    const seen = await addresses(fleet, silent);
    for (const { app, client } of seen) expect(app).toBe(client);
    const ways = new Set(seen.map(({ frontend, kind, host }) => `${frontend} ${kind} ${host}`));
    expect(ways.size).toBe(3 * 2 * 3);
    expect(new Set(seen.map(({ client }) => client.split(":")[0]))).toEqual(
      new Set(["10.77.0.1", "10.77.0.2"]),
    );
  });

  test("lose no request when HAProxy reloads", async () => {
    const experience = await balancerReload(fleet, silent);
    expect(experience).toMatchObject({ ...nothingLost, closed: {} });
  });

  test("lose no request when one of them is taken out, reboots and is put back", async () => {
    const { story, lines } = recorded(masked);
    expect(await reboot(fleet, story)).toMatchObject(nothingLost);
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("../docs/outputs/fleet-reboot.txt");
  });

  test("lose only the requests that are under way on a host that loses its power", async () => {
    const { lost, connections } = await powerCut(fleet, silent);
    expect(lost).toBeLessThanOrEqual(connections);
  });

  describeWith({ commands: ["ansible-playbook"] }, "deployed by Ansible", () => {
    test.each([1, 2])("lose no request during deploy %i of a new version", async () => {
      expect(await newVersion(fleet, silent)).toMatchObject(nothingLost);
    });

    test.each(["crash", "unhealthy"] as const)(
      "lose no request when a version is bad (%s), and only the first host has had it",
      async (fault) => {
        expect(await badVersion(fleet, silent, fault)).toMatchObject(nothingLost);
      },
    );

    test("lose no request when all reboot, also after a run that was killed", async () => {
      expect(await rollingReboot(fleet, silent)).toMatchObject(nothingLost);
    });

    test("lose no request when one does not come back, and it stays drained", async () => {
      expect(await lostHost(fleet, silent)).toMatchObject(nothingLost);
    });

    test("lose no request when their certificate is renewed, also after a run that was killed", async () => {
      expect(await newCertificate(fleet, silent)).toMatchObject(nothingLost);
    });

    test("lose no request when an app that reads its certificate itself is reloaded", async () => {
      expect(await reloadedCertificate(fleet, silent)).toMatchObject(nothingLost);
    });

    test.each(["mismatch", "short key"] as const)(
      "keep the old certificate, and lose no request, if the new one can't be used (%s)",
      async (fault) => {
        expect(await badCertificate(fleet, silent, fault)).toMatchObject(nothingLost);
      },
    );

    test("keep their Node, and lose no request, if the app does not start with the new one", async () => {
      expect(await badNode(fleet, silent)).toMatchObject(nothingLost);
    });

    test("lose no request when they get another Node, also after a run that was killed", async () => {
      expect(await newNode(fleet, silent)).toMatchObject(nothingLost);
    });

    test("lose no request when sockact is upgraded, or can't be, also after a run that was killed", async () => {
      expect(await newSockact(fleet, silent)).toMatchObject(nothingLost);
    });

    test("are checked, and an error fails the check", async () => {
      const table = (await checkHosts(fleet, silent)).join("\n");
      const stable = table
        .replaceAll(process.version, "v20.20.2")
        .replace(/(?<=(?:awake|asleep) +)\d+ */g, "1        ");
      await expect(`${stable}\n`).toMatchFileSnapshot("../docs/outputs/fleet-check.txt");
    });
  });
});
