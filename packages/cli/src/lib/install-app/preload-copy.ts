import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type ExtraFile, filesFolder } from "../install/transaction.ts";

/**
 * The preload as a file of the service. The service can't load it from here: what npx has downloaded is in a cache that only its user may read, and that
 * npm may clear. So each service gets a copy of its own, which goes when the service is uninstalled.
 */
export function preloadCopy(service: { name: string; user: boolean }): ExtraFile {
  // This file is in dist when it runs, beside the preload.
  const text = readFileSync(new URL("register.cjs", import.meta.url));
  return { path: join(filesFolder(service), "register.cjs"), text, mode: 0o644 };
}
