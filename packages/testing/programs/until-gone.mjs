import { existsSync, watch } from "node:fs";
import { once } from "node:events";
import { dirname } from "node:path";

/** Resolves once the file is gone. A test uses it to pause a program without a pipe to it. */
export async function untilGone(file) {
  const watcher = watch(dirname(file));
  try {
    while (existsSync(file)) await once(watcher, "change");
  } finally {
    watcher.close();
  }
}
