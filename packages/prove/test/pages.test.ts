// What docs/prove.md shows.
import { readFileSync, rmSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { describeWith, PackedPackages, startProcess } from "@sockact/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { installTestApp } from "./install-test-app.ts";

const tmp = fileURLToPath(new URL("../tmp/pages/", import.meta.url));
const sockact = fileURLToPath(new URL("../../cli/bin/sockact.cjs", import.meta.url));
const file = (name: string): string =>
  fileURLToPath(new URL(`../../../docs/outputs/${name}.txt`, import.meta.url));

/** A text without the figures, which every run measures anew, and on one line, since they are not equally long. */
const shapeOf = (text: string): string =>
  text.replaceAll(/(?<![:\d.])\d[\d,.]*(?: (?:ms|s|min)\b)?/g, "#").replaceAll(/\s+/g, " ");

describeWith({ privateSystemd: true, systemd: 253 }, "sockact prove", () => {
  let packed: PackedPackages;
  beforeAll(async () => {
    packed = await PackedPackages.packForRun();
  });
  afterAll(() => rmSync(tmp, { recursive: true, force: true }));

  test.for([
    ["shop", 0, file("prove"), []],
    ["guestbook", 1, file("prove-broken"), ["--only", "stop,restart"]],
  ] as const)(
    "prints of %s what its page shows, but for the figures",
    { tags: "campaign", timeout: 300_000 },
    async ([app, code, page, options]) => {
      const cwd = installTestApp(packed, app, tmp);
      const command = [process.execPath, sockact, "prove", "server.js", "--listen", "80", ...options];
      const running = startProcess(command, { cwd });
      expect([await running.ended, running.stderr]).toEqual([code, ""]);
      const shown = readFileSync(page, "utf8");
      const printed = running.stdout.replace(/sockact \S+, Node \S+,/, "sockact 0.1.0, Node 24.11.0,");
      await expect(shapeOf(printed) === shapeOf(shown) ? shown : printed).toMatchFileSnapshot(page);
    },
  );
});
