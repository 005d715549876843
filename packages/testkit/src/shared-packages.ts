// A global setup of vitest: the folder for the packages that all test files of a run share.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { FOLDER_OF_RUN } from "./packed-packages.ts";

/** The workers have the environment of this process. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "sockact-run-"));
  process.env[FOLDER_OF_RUN] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
