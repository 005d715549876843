import { execFileSync } from "node:child_process";
import { whatIsMissing } from "@sockact/testkit";
import { type Browser, chromium } from "playwright-core";

// The shell is the smaller and the quicker one.
const names = ["chromium-headless-shell", "chromium"];

/** The command of the browser that is installed. */
export const browserCommand =
  names.find((name) => whatIsMissing({ commands: [name] }) === undefined) ?? "chromium";

export async function launchBrowser(): Promise<Browser> {
  const command = `command -v ${browserCommand}`;
  const executablePath = execFileSync("sh", ["-c", command], { encoding: "utf8" }).trim();
  // The sandbox of Chromium can't be set up as root.
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}
