import {
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describeWith } from "@sockact/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { environmentFilesOf } from "./environment-files.ts";

let above: string;
let folder: string;

beforeEach(() => {
  above = realpathSync(mkdtempSync(join(tmpdir(), "variables-")));
  folder = join(above, "app");
  mkdirSync(join(folder, "config"), { recursive: true });
  writeFileSync(join(above, "secret"), "KEY=1\n");
  writeFileSync(join(folder, ".env"), "A=1\n");
  writeFileSync(join(folder, "config/.env"), "A=1\n");
});
afterEach(() => rmSync(above, { recursive: true }));

const read = (file: string) => environmentFilesOf(folder, [{ file, tool: "dotenv" }]);

describe("a file of variables that a start script names", () => {
  it("is read by systemd if it is a file of the app", () => {
    for (const file of [".env", "./config/.env", join(folder, ".env")])
      expect(read(file)).toMatchObject({ accepted: [join(folder, file.replace(folder, ""))], refused: [] });
    expect(read(".env").notes).toEqual([
      "dotenv gives the app the variables of .env. In the service, systemd reads that file.",
    ]);
    expect(read(".missing")).toEqual({ accepted: [], refused: [], notes: [] });
  });

  it.each<[string, string, () => void]>([
    ["it is outside the app's folder", "../secret", () => {}],
    ["linked is a symbolic link", "linked", () => symlinkSync("../secret", join(folder, "linked"))],
    ["up is a symbolic link", "up/secret", () => symlinkSync("..", join(folder, "up"))],
    ["it is not a regular file", "config", () => {}],
    [
      "systemd reads its name as a pattern",
      "conf*",
      () => {
        writeFileSync(join(folder, "conf*"), "A=1\n");
        symlinkSync("../secret", join(folder, "conf1"));
      },
    ],
  ])("is not read because %s", (why, file, prepare) => {
    prepare();
    const { accepted, refused, notes } = read(file);
    expect(accepted).toEqual([]);
    expect(refused[0]!.message).toContain(why);
    expect(refused[0]!.hint).toContain("--environment-file ");
    expect(notes[0]).toContain(why);
  });
});

describeWith({ root: true }, "a file of variables of another user", () => {
  it("is not read, not even by a second name of root's file", () => {
    chownSync(folder, 1700, 1700);
    chownSync(join(folder, ".env"), 1701, 1701);
    expect(read(".env").refused[0]!.message).toContain("it belongs to another user than the app's folder");
    linkSync(join(above, "secret"), join(folder, "second"));
    expect(read("second").refused).toHaveLength(1);
    chownSync(join(folder, ".env"), 1700, 1700);
    expect(read(".env").accepted).toHaveLength(1);
    expect(process.getuid!()).toBe(0);
    writeFileSync(join(folder, "of-root"), "A=1\n");
    expect(read("of-root").accepted).toHaveLength(1);
  });
});
