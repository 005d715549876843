import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { describeWith } from "../packages/testkit/src/requires.ts";
import { startProcess } from "../packages/testkit/src/app-process.ts";

const repository = join(import.meta.dirname, "..");
/** It installs and builds, on a machine that may be busy. */
const LONG = 540_000;

describeWith(
  { commands: ["git", "systemd-socket-activate"], tags: "campaign" },
  "npm run release:check",
  () => {
    /** Takes the place of /tmp, so that the test sees the files that remain. */
    let temporary: string;
    beforeEach(() => {
      temporary = mkdtempSync(join(tmpdir(), "release-check-test-"));
    });
    afterEach(() => rmSync(temporary, { recursive: true }));

    /** The commands that run in the temporary folder, or that name it. */
    const commands = (): string[] =>
      readdirSync("/proc")
        .filter((pid) => /^\d+$/.test(pid))
        .flatMap((pid) => {
          try {
            const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
            const isThere = [readlinkSync(`/proc/${pid}/cwd`), command].some((text) =>
              text.includes(temporary),
            );
            return isThere ? command : [];
          } catch {
            return [];
          }
        });

    test(
      "leaves no process and no file when SIGKILL ends it in the middle of a release",
      { timeout: LONG },
      async () => {
        const script = ["--import", "tsx", "--conditions=@sockact/source", "scripts/release-check.ts"];
        const only = ["--only", "core alone, npm, Node 22"];
        await using check = startProcess([process.execPath, ...script, ...only], {
          cwd: repository,
          env: { TMPDIR: temporary, TSX_DISABLE_CACHE: "1" },
        });
        await expect.poll(() => commands().join("\n"), { timeout: LONG }).toMatch(/turbo/);
        expect(commands().join("\n")).toMatch(/serve\.mjs/);
        check.kill("SIGKILL");
        expect(await check.ended).toBe("SIGKILL");
        // The process that clears the folder runs alone, and no command waits for it.
        await expect.poll(() => [...readdirSync(temporary), ...commands()], { timeout: LONG }).toEqual([]);
      },
    );
  },
);
