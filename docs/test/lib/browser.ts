import { execFileSync } from "node:child_process";
import { whatIsMissing } from "@sockact/testkit";
import { type Browser, chromium } from "playwright-core";

// The shell is smaller and faster.
const names = ["chromium-headless-shell", "chromium"];

/** The command of the installed browser. */
export const browserCommand =
  names.find((name) => whatIsMissing({ commands: [name] }) === undefined) ?? "chromium";

/** @param args more options of Chromium */
export async function launchBrowser(args: readonly string[] = []): Promise<Browser> {
  const command = `command -v ${browserCommand}`;
  const executablePath = execFileSync("sh", ["-c", command], { encoding: "utf8" }).trim();
  // Chromium can't set up its sandbox as root.
  return chromium.launch({ executablePath, args: ["--no-sandbox", ...args] });
}
