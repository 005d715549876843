import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd } from "../../packages/testing/src/at-end.ts";

/** Creates a folder for the files of a bench. It is removed when this process exits. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sockact-bench-"));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
