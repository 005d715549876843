import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { git, withoutRepository } from "./git.ts";
import { atEnd } from "../../packages/testing/src/at-end.ts";

const programs = fileURLToPath(new URL("../../node_modules/.bin", import.meta.url));

/**
 * A git repository in a temporary folder, in which a test makes commits and versions. The folder is removed
 * when the test ends.
 */
export class ScratchRepository {
  readonly root = mkdtempSync(join(tmpdir(), "sockact-scratch-"));

  /** @param content the files of the first commit; or another repository, to copy it */
  constructor(content: Record<string, string | object> | ScratchRepository) {
    atEnd(() => this.remove());
    if (content instanceof ScratchRepository) {
      cpSync(content.root, this.root, { recursive: true });
      return;
    }
    git(this.root, "init", "--quiet", "--initial-branch=main");
    git(this.root, "config", "user.name", "Test");
    git(this.root, "config", "user.email", "test@localhost");
    git(this.root, "config", "commit.gpgsign", "false");
    this.commit("Begin", content);
  }

  /** Writes files without a commit. An object is written as JSON. */
  write(files: Record<string, string | object>): void {
    for (const [file, content] of Object.entries(files)) {
      mkdirSync(join(this.root, dirname(file)), { recursive: true });
      const text = typeof content === "string" ? content : `${JSON.stringify(content, undefined, 2)}\n`;
      writeFileSync(join(this.root, file), text);
    }
  }

  /** Writes files, and commits everything. Returns the commit. */
  commit(subject: string, files: Record<string, string | object> = {}): string {
    this.write(files);
    git(this.root, "add", "--all");
    git(this.root, "commit", "--quiet", "--allow-empty", `--message=${subject}`);
    return git(this.root, "rev-parse", "HEAD");
  }

  /**
   * Runs a program here: from this repository's packages, or from the system. Returns its output, or throws
   * an error with it.
   */
  run(program: string, ...args: string[]): string {
    return execFileSync(program, args, {
      cwd: this.root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...withoutRepository(), PATH: `${programs}${delimiter}${process.env["PATH"]}` },
    });
  }

  /** Removes the folder. Only a repository that several tests use needs this. */
  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** The content of a changeset: `{ "@sockact/core": "minor" }`. */
export function changeset(releases: Record<string, string>, summary = "Something changes."): string {
  const lines = Object.entries(releases).map(([name, type]) => `"${name}": ${type}\n`);
  return `---\n${lines.join("")}---\n\n${summary}\n`;
}
