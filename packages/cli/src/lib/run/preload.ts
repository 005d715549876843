import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { CliError } from "../shared/cli-error.ts";

/** NODE_OPTIONS with @sockact/register: the app's own copy, or that of this package. */
export function withPreload(nodeOptions: string | undefined): string {
  const path = find(join(process.cwd(), "app.js")) ?? find(import.meta.url);
  if (path === undefined)
    throw new CliError(
      "SOCKACT_ERR_RUN_PRELOAD",
      "--preload needs @sockact/register, which is not installed",
      "npm install --save-dev @sockact/register",
    );
  // In NODE_OPTIONS, quotes keep spaces, and a backslash escapes.
  const quoted = /[\s"\\]/.test(path) ? `"${path.replaceAll(/["\\]/g, "\\$&")}"` : path;
  return [nodeOptions, `--require=${quoted}`].filter(Boolean).join(" ");
}

function find(from: string): string | undefined {
  try {
    return createRequire(from).resolve("@sockact/register");
  } catch {
    return undefined;
  }
}
