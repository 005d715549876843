import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeWith } from "@sockact/testkit";
import { afterEach, beforeEach, expect, it } from "vitest";
import { SafeFolder } from "../src/lib/install/safe-folder.ts";

describeWith({ root: true }, "a folder that sockact install writes to", () => {
  let base = "";
  beforeEach(() => (base = realpathSync(mkdtempSync(join(tmpdir(), "safe-folder-")))));
  afterEach(() => rmSync(base, { recursive: true }));
  const sh = (script: string) => execFileSync("sh", ["-euc", script], { cwd: base, stdio: "pipe" });

  /** Reads a file as the installer does, and then writes it. */
  function write(path: string, content = "new\n"): void {
    const folder = SafeFolder.make(join(base, path, ".."));
    try {
      const file = path.split("/").at(-1)!;
      folder.read(file);
      folder.writeNew(".new", content, 0o640);
      folder.rename(".new", file);
      folder.sync();
    } finally {
      folder.close();
    }
  }

  it("is created if it is missing, and gets complete files with their mode", () => {
    const before = process.umask(0o077);
    try {
      write("a/b/file");
    } finally {
      process.umask(before);
    }
    expect(readFileSync(join(base, "a/b/file"), "utf8")).toBe("new\n");
    expect(sh("stat -c %a a/b/file; find . -type f").toString()).toBe("640\n./a/b/file\n");
  });

  it("is not created for reading", () => {
    expect(SafeFolder.open(join(base, "missing/folder"))).toBeUndefined();
    expect(sh("ls").toString()).toBe("");
  });

  it.each([
    ["a symlink on the way", "mkdir real; ln -s real image", "is a symlink"],
    ["a symlink further down", "mkdir -p image other; ln -s ../other image/etc", "is a symlink"],
    ["a dangling symlink", "mkdir image; ln -s /nowhere image/etc", "is a symlink"],
    ["a folder of another user", "mkdir image; chown 1000 image", "belongs to user 1000"],
    ["a folder that others may write", "mkdir image; chmod 777 image", "can be written by other users"],
    [
      "a folder that a group may write",
      "mkdir image; chown :1000 image; chmod g+w image",
      "can be written by other",
    ],
    ["a file in the place of a folder", "mkdir image; touch image/etc", "is not a folder"],
    [
      "a symlink in the place of the file",
      "mkdir -p image/etc; ln -s /etc/passwd image/etc/unit",
      "is a symlink",
    ],
    ["a FIFO in its place", "mkdir -p image/etc; mkfifo image/etc/unit", "is not a regular file"],
    ["a folder in its place", "mkdir -p image/etc/unit", "is not a regular file"],
    ["a device in its place", "mkdir -p image/etc; mknod image/etc/unit c 1 3", "is not a regular file"],
    [
      "an enormous file in its place",
      "mkdir -p image/etc; truncate -s 1G image/etc/unit",
      "1073741824 bytes",
    ],
  ])("refuses %s", (_, prepare, why) => {
    sh(prepare);
    const before = sh("find . -printf '%p %y %i\\n' | sort").toString();
    const refusal = { code: "SOCKACT_ERR_INSTALL_PATH", exitCode: 1, message: expect.stringContaining(why) };
    expect(() => write("image/etc/unit")).toThrow(expect.objectContaining(refusal));
    expect(sh("find . -printf '%p %y %i\\n' | sort").toString()).toBe(before);
  });

  it("accepts a folder such as /tmp on the way, where other users can't replace files that they do not own", () => {
    sh("mkdir -m 1777 shared");
    write("shared/image/etc/unit");
    expect(readFileSync(join(base, "shared/image/etc/unit"), "utf8")).toBe("new\n");
  });

  it("stays the opened folder when another one replaces it", () => {
    sh("mkdir -p image elsewhere");
    const folder = SafeFolder.make(join(base, "image"));
    sh("mv image moved; ln -s elsewhere image");
    folder.writeNew("unit", "new\n", 0o644);
    folder.close();
    expect(sh("find . -name unit").toString()).toBe("./moved/unit\n");
  });
});
