import { existsSync, watch } from "node:fs";
import { once } from "node:events";
import { dirname } from "node:path";

/** Resolves once no such file is there: how a test holds up a program that it has no pipe to. */
export async function untilGone(file) {
  const watcher = watch(dirname(file));
  try {
    while (existsSync(file)) await once(watcher, "change");
  } finally {
    watcher.close();
  }
}
