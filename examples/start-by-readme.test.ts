// What a test of an example says when a command of its README hangs.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeWith, PackedPackages } from "@sockact/testkit";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { startByReadme } from "./lib/start-by-readme.ts";

afterEach(() => vi.unstubAllEnvs());

describeWith({ commands: ["ip", "script", "unshare"] }, "a command that hangs", () => {
  test("is named with what it has shown, and its folder is removed", async () => {
    const packed = await PackedPackages.packForRun();
    const folder = mkdtempSync(join(tmpdir(), "hanging-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    vi.stubEnv("TMPDIR", folder);
    const options = { prepare: "echo waiting; sleep infinity", deadline: 1000 };
    const error = await startByReadme("express", packed, /listening/, options).catch((reason) => reason);
    expect(error.message).toMatch(/^\$ echo waiting; sleep infinity\n[^]*waiting\n[^]*longer than 1000 ms$/);
    expect(readdirSync(folder)).toEqual([]);
  });
});
