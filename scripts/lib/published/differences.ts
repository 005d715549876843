import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The lines that differ in two texts, as git shows them, with some lines around each. Empty for equal texts. */
export function differences(accepted: string, found: string, linesAround: number): string {
  if (accepted === found) return "";
  const folder = mkdtempSync(join(tmpdir(), "sockact-differences-"));
  try {
    writeFileSync(join(folder, "accepted"), accepted);
    writeFileSync(join(folder, "found"), found);
    const args = [
      "diff",
      "--no-index",
      "--no-color",
      "--no-ext-diff",
      `-U${linesAround}`,
      "accepted",
      "found",
    ];
    const { stdout, stderr, error } = spawnSync("git", args, { cwd: folder, encoding: "utf8" });
    if (error !== undefined || stdout === "") throw error ?? new Error(`git diff: ${stderr}`);
    // The first four lines name the two files. Those that begin with @@ say where the next lines are.
    const lines = stdout.trimEnd().split("\n").slice(4);
    return lines.filter((line) => !line.startsWith("@@")).join("\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
}
