import { closeSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rawSocket } from "@sockact/testkit";
import { afterEach, beforeEach, expect, it } from "vitest";
import { foldersOf, removeSocketFile } from "./service-paths.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sockact-paths-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

it("the file of a socket that is being closed is removed when it is closed", async () => {
  const path = join(folder, "shop.sock");
  const fd = rawSocket("unix", "stream", { bound: path });
  const removed = removeSocketFile(path);
  // It has looked once by now.
  closeSync(fd);
  expect(await removed).toBe(true);
  expect(existsSync(path)).toBe(false);
});

it("the file of a socket that somebody listens on stays", async () => {
  const path = join(folder, "shop.sock");
  const fd = rawSocket("unix", "stream", { bound: path });
  expect(await removeSocketFile(path)).toBe(false);
  expect(existsSync(path)).toBe(true);
  closeSync(fd);
});

it("the folders of a unit are known, also below a command that systemd refuses or a line that it can't read", () => {
  const text = "[Service]\nExecStart=./run\n[Service\nDynamicUser=yes\n[Service]\nStateDirectory=shop\n";
  const folders = foldersOf({ user: false, root: "/" }, [text]);
  expect(folders).toEqual([
    expect.objectContaining({ kind: "state", path: "/var/lib/shop", privatePath: "/var/lib/private/shop" }),
  ]);
});
