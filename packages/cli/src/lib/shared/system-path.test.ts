import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describeWith } from "@sockact/testkit";
import { expect, it, onTestFinished } from "vitest";
import { execute } from "./execute.ts";

/** A folder with a program called id. */
function folderWithId(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), "sockact-path-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const bin = join(folder, name);
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "id"), "#!/bin/sh\necho evil\n", { mode: 0o755 });
  return bin;
}

async function idBy(folder: string): Promise<string> {
  const PATH = `${folder}:${process.env["PATH"]}`;
  return (await execute("id", ["-u"], { env: { PATH } })).stdout.trim();
}

const own = String(process.getuid?.());

it("looks for a program of the system where PATH says", async () => {
  expect(await idBy(folderWithId("bin"))).toBe("evil");
});

it("takes none from the packages of an app", async () => {
  expect(await idBy(folderWithId("node_modules/.bin"))).toBe(own);
});

describeWith({ root: true }, "for root", () => {
  it("takes none from a folder of another user", async () => {
    const folder = folderWithId("bin");
    chownSync(folder, 65_534, 65_534);
    expect(await idBy(folder)).toBe("0");
  });

  it("takes none from a folder that others may write, or below one", async () => {
    const folder = folderWithId("deep/bin");
    chmodSync(folder, 0o1777);
    expect(await idBy(folder)).toBe("0");
    chmodSync(folder, 0o755);
    chmodSync(join(folder, ".."), 0o777);
    expect(await idBy(folder)).toBe("0");
  });
});
