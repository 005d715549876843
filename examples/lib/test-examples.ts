// Runs examples with the commands of their READMEs, without systemd and as services.
import { describeWith, PackedPackages, type PrivateSystemd, type Requirements } from "@sockact/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installByReadme } from "./install-by-readme.ts";
import type { InstalledExample, RunningExample } from "./running-example.ts";
import { startByReadme } from "./start-by-readme.ts";

/** The checks of an example, by the name of the test. They run in this order. */
export type Checks<Example> = Record<string, (example: Example) => Promise<void> | void>;

export interface ExampleTests {
  /** Whether `npm test` runs this example too. */
  inNpmTest?: boolean;
  /** Programs that the example needs, besides Node, npm and systemd. */
  commands?: string[];
  /** The line that shows that `npm start` is ready. By default, a line with “listening”. */
  ready?: RegExp;
  /** Shell commands that run before the commands of “Start it yourself”, with the same files and ports. */
  prepareAlone?: string;
  /** Whether npm itself runs the scripts and `npx`, for the examples that show that their commands work with it. */
  withNpm?: boolean;
  /** Checks that run after the commands of “Start it yourself”, while the app runs. */
  alone: Checks<RunningExample>;
  /** Runs before the commands of “Install it as a service”. Sets up the parts of a distribution's package that are missing in the private systemd. */
  prepare?: (systemd: PrivateSystemd) => Promise<unknown>;
  /** Checks that run after the commands of “Install it as a service” and “Look at it”, and before the commands of “Remove it”. */
  service: Checks<InstalledExample>;
}

/** Tests examples one after the other: in the campaign, because what they show is shown elsewhere too. */
export function testExamples(tests: Record<string, ExampleTests>): void {
  const inNpmTest = Object.entries(tests).filter(([, each]) => each.inNpmTest === true);
  const others = Object.entries(tests).filter(([, each]) => each.inNpmTest !== true);
  if (inNpmTest.length > 0) testInOrder(inNpmTest, {});
  if (others.length > 0) testInOrder(others, { tags: "campaign" });
}

function testInOrder(tests: [name: string, ExampleTests][], tier: Pick<Requirements, "tags">): void {
  let packed: PackedPackages;
  beforeAll(async () => {
    packed = await PackedPackages.packForRun();
  });

  const commands = tests.flatMap(([, each]) => each.commands ?? []);
  const requirements: Requirements = {
    commands: ["curl", "ip", "script", "unshare", ...commands],
    ...tier,
  };
  describeWith(requirements, "started by its README", () => {
    describe.each(tests)("%s", (name, { alone, ready = /listening/i, prepareAlone, withNpm }) => {
      let app: Awaited<ReturnType<typeof startByReadme>>;
      beforeAll(async () => {
        app = await startByReadme(name, packed, ready, { prepare: prepareAlone, withNpm });
      });
      afterAll(() => app?.close());

      test.each(Object.entries(alone))("%s", (_title, check) => check(app));

      test("ends after Ctrl-C, and leaves no process behind", async () => {
        await app.interrupt();
        expect(await app.processes()).toEqual([]);
      });
    });
  });

  // In a sandbox, the app needs OpenFile= to report to systemd that it is ready.
  describeWith({ ...requirements, privateSystemd: true, systemd: 253 }, "installed by its README", () => {
    let machine: Awaited<ReturnType<typeof installByReadme>>;
    beforeAll(async () => {
      machine = await installByReadme(packed);
    });
    afterAll(() => machine?.close());

    describe.each(tests)("%s", (name, { service, prepare, withNpm }) => {
      let app: Awaited<ReturnType<typeof machine.install>>;
      beforeAll(async () => {
        await prepare?.(machine.systemd);
        app = await machine.install(name, withNpm);
      });

      test("has units that pass systemd-analyze verify without output", async () => {
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
