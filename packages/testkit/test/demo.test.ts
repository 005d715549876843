import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { textOfPicture } from "../../../scripts/lib/screen-picture.ts";
import { startProcess } from "../src/app-process.ts";
import { whyNoPrivateSystemd } from "../src/boot-private-systemd.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** The lines without what differs from run to run: times, numbers of processes and users, and the order of the sockets. */
const stable = (lines: readonly string[]): string[] =>
  lines
    .filter((line) => line !== "")
    .map((line) =>
      line
        .replace(/systemd \d+/, "systemd N")
        .replaceAll(/\d+(?:\.\d+)? m?s\b/g, "N s")
        .replaceAll(/(\b(?:uid|pid)\W*)\d+/g, "$1N")
        .replace("[::]:443, [::]:80", "[::]:80, [::]:443")
        .replace(/port: (?:80|443) /, "port: N "),
    );

test(
  "npm run demo prints what its picture in README.md shows, and no warning",
  { timeout: 60_000 },
  async () => {
    const command = [process.execPath, "--conditions=@sockact/source", "--import", "tsx", "scripts/demo.ts"];
    await using demo = startProcess(command, { cwd: root });
    const status = await demo.ended;
    expect({ status, stderr: demo.stderr }).toEqual({ status: 0, stderr: "" });
    expect(demo.stdout).not.toMatch(/warning/i);
    // Without a systemd the demo says so, and uses other ports.
    if (whyNoPrivateSystemd() !== undefined) return;
    const picture = textOfPicture(readFileSync(join(root, "docs/public/demo.svg"), "utf8"));
    const printed = ["$ npm run demo", ...demo.stdout.split("\n")];
    expect(stable(printed), "npm run demo:picture makes the picture anew").toEqual(stable(picture));
  },
);

test("the picture of the demo is small, and says nothing about the computer that made it", () => {
  const svg = readFileSync(join(root, "docs/public/demo.svg"), "utf8");
  expect(svg.length).toBeLessThan(60_000);
  expect(svg).not.toMatch(/\/(?:home|root|work|tmp)\b/);
  expect(svg).toContain("<title");
});
