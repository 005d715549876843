// Examples, run by the commands of their READMEs: on their own, and as services.
import { describeWith, PackedPackages, type PrivateSystemd, type Requirements } from "@sockact/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { publicPackages } from "../../scripts/lib/packages.ts";
import { installByReadme } from "./install-by-readme.ts";
import type { InstalledExample, RunningExample } from "./running-example.ts";
import { startByReadme } from "./start-by-readme.ts";

/** What a test looks at, by the name of the test. They run in this order. */
export type Checks<Example> = Record<string, (example: Example) => Promise<void> | void>;

export interface ExampleTests {
  /** Programs that the example needs, besides Node, npm and systemd. */
  commands?: string[];
  /** The line that says that `npm start` is done; one with “listening” when left out. */
  ready?: RegExp;
  /** Commands for a shell before those of “Start it yourself”. They see the same files and ports. */
  prepareAlone?: string;
  /** After the commands of “Start it yourself”, while the app runs. */
  alone: Checks<RunningExample>;
  /** Before the commands of “Install it as a service”: what a package of the distribution has on a machine, and the private systemd has not. */
  prepare?: (systemd: PrivateSystemd) => Promise<unknown>;
  /** After the commands of “Install it as a service” and “Look at it”, and before those of “Remove it”. */
  service: Checks<InstalledExample>;
}

/** Tests examples, by name, one after the other. */
export function testExamples(tests: Record<string, ExampleTests>): void {
  let packed: PackedPackages;
  beforeAll(async () => {
    packed = await PackedPackages.pack(publicPackages().map(({ name }) => name));
  });
  afterAll(() => packed?.[Symbol.dispose]());

  const commands = Object.values(tests).flatMap((each) => each.commands ?? []);
  const requirements: Requirements = { commands: ["curl", "ip", "script", "unshare", ...commands] };
  describeWith(requirements, "started by its README", () => {
    describe.each(Object.entries(tests))("%s", (name, { alone, ready = /listening/i, prepareAlone }) => {
      let app: Awaited<ReturnType<typeof startByReadme>>;
      beforeAll(async () => {
        app = await startByReadme(name, packed, ready, prepareAlone);
      });
      afterAll(() => app?.close());

      test.each(Object.entries(alone))("%s", (_title, check) => check(app));

      test("ends by Ctrl-C, and leaves no process behind", async () => {
        await app.interrupt();
        expect(await app.processes()).toEqual([]);
      });
    });
  });

  // The app tells systemd that it is ready, which needs OpenFile= in a sandbox.
  describeWith({ ...requirements, privateSystemd: true, systemd: 253 }, "installed by its README", () => {
    let machine: Awaited<ReturnType<typeof installByReadme>>;
    beforeAll(async () => {
      machine = await installByReadme(packed);
    });
    afterAll(() => machine?.close());

    describe.each(Object.entries(tests))("%s", (name, { service, prepare }) => {
      let app: Awaited<ReturnType<typeof machine.install>>;
      beforeAll(async () => {
        await prepare?.(machine.systemd);
        app = await machine.install(name);
      });

      test("has units that systemd-analyze verify accepts without a word", async () => {
        expect(await machine.complaints()).toBe("");
      });

      test.each(Object.entries(service))("%s", (_title, check) => check(app));

      test("is removed, and leaves nothing behind", async () => {
        await app.remove();
        expect(await machine.traces()).toEqual(app.before);
      });
    });
  });
}
