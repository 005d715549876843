import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { nodeBinary } from "../../../scripts/lib/node-binary.ts";
import { AppUnderLoad } from "../src/app-under-load.ts";
import { during } from "../src/during.ts";
import { folderOf, installUnmodifiedApp } from "../src/install-unmodified-app.ts";
import { inside } from "../src/load.ts";
import { describeWith } from "../src/requires.ts";
import { type UnmodifiedApp, unmodifiedApps } from "../src/unmodified-apps.ts";

/** `npm run test:long`: every app. A usual run has the smallest. */
const LONG = Boolean(process.env["SOCKACT_LONG"]);
const RESTARTS = LONG ? 10 : 2;
const TIMEOUT = LONG ? 300_000 : 60_000;
const SAMPLE = "Vite preview";

const preload = new URL("../../register/dist/index.cjs", import.meta.url);

for (const app of unmodifiedApps) {
  const isRun = LONG || app.title === SAMPLE;
  const name = `${app.title}, as npm has it, by preload alone`;
  if (isRun) describeWith({ privateSystemd: true, systemd: 253 }, name, () => testsOf(app));
  else test.skip(`${name} [skipped: takes long, see npm run test:long]`);
}

function testsOf(app: UnmodifiedApp): void {
  let systemd: AppUnderLoad;
  beforeAll(async () => {
    await installUnmodifiedApp(app);
    systemd = await AppUnderLoad.boot();
  }, 600_000);
  afterAll(() => systemd?.[Symbol.asyncDispose]());

  const install = async (more: Parameters<AppUnderLoad["installUnits"]>[0] | object = {}): Promise<string> => {
    const description = app.describe({
      node: nodeInside(systemd, app),
      folder: inside(systemd.systemd, folderOf(app)),
      preload: inside(systemd.systemd, preload),
    });
    await systemd.installUnits({ ...description, ...more, sockets: [{ listen: 80, noDelay: true }] });
    return `${description.name}.service`;
  };

  test(
    "answers on port 80 as a user of its own",
    async () => {
      const service = await install();
    },
    TIMEOUT,
  );
}
