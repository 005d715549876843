import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { describeWith } from "../packages/testkit/src/requires.ts";
import { git } from "./lib/git.ts";
import { type AppProcess, startProcess } from "../packages/testkit/src/app-process.ts";
import { installWhenChanged } from "../packages/testkit/src/install-when-changed.ts";

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

    const start = (root: string): AppProcess => {
      const script = ["--import", "tsx", "--conditions=@sockact/source", "scripts/release-check.ts"];
      const only = ["--only", "core alone, npm, Node 22"];
      return startProcess([process.execPath, ...script, ...only], {
        cwd: root,
        env: { TMPDIR: temporary, TSX_DISABLE_CACHE: "1" },
      });
    };

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
        await using check = start(repository);
        await expect.poll(() => commands().join("\n"), { timeout: LONG }).toMatch(/turbo/);
        expect(commands().join("\n")).toMatch(/serve\.mjs/);
        check.kill("SIGKILL");
        expect(await check.ended).toBe("SIGKILL");
        // The process that clears the folder runs alone, and no command waits for it.
        await expect.poll(() => [...readdirSync(temporary), ...commands()], { timeout: LONG }).toEqual([]);
      },
    );

    describe("of a repository with a broken package", () => {
      let broken: string;
      beforeEach(async () => {
        const registry = join(repository, "packages/testkit/registry");
        await installWhenChanged(registry);
        broken = mkdtempSync(join(tmpdir(), "release-check-broken-"));
        git(broken, "clone", "--quiet", repository, ".");
        symlinkSync(join(repository, "node_modules"), join(broken, "node_modules"));
        symlinkSync(join(registry, "node_modules"), join(broken, "packages/testkit/registry/node_modules"));
      }, LONG);
      afterEach(() => rmSync(broken, { recursive: true }));

      function changeFilesOfCore(): void {
        const file = join(broken, "packages/core/package.json");
        const manifest = JSON.parse(readFileSync(file, "utf8")) as object;
        const files = ["adapter", "dist/index.*", "dist/adapter.*", "dist/types.*"];
        writeFileSync(file, JSON.stringify({ ...manifest, files }, null, 2));
        const author = ["-c", "user.name=test", "-c", "user.email=test@localhost"];
        git(broken, ...author, "commit", "--quiet", "--all", "--message=Break it");
      }

      test(
        "fails for one that only its users find out about, and says how to see it again",
        { timeout: LONG },
        async () => {
          changeFilesOfCore();
          await using check = start(broken);
          expect(await check.ended).toBe(1);
          expect(check.stdout).toMatch(/Cannot find module '\.\/implementation\.cjs'/);
          expect(check.stdout).toMatch(/To see it again: npm run release:check -- --keep --only "/);
          expect([...readdirSync(temporary), ...commands()]).toEqual([]);
        },
      );
    });
  },
);
