import { access } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { serviceOfProcess } from "@sockact/shared/notify";
import { processState } from "../shared/process-state.ts";
import { now } from "../shared/timers.ts";

/** How long the last look at the file counts, in milliseconds. */
const FRESH_MS = 1000;

const drained = processState("drained", {
  /** The file. Null if this process belongs to no service. Undefined until the first look. */
  path: undefined as string | null | undefined,
  /** When the last look began, on the clock of now(). */
  since: -Infinity,
  result: Promise.resolve(false),
});

/**
 * Whether `sockact drain` has taken this service out of rotation. It never rejects: a file that can't be read
 * counts as missing.
 */
export function isDrained(): Promise<boolean> {
  if (now() - drained.since >= FRESH_MS) {
    drained.since = now();
    drained.result = isThere((drained.path ??= flagOfService()));
  }
  return drained.result;
}

async function isThere(path: string | null): Promise<boolean> {
  if (path === null) return false;
  // Not fs/promises, which every start would have to load. With the permission model, some versions of Node
  // throw here.
  const look = new Promise<boolean>((resolve) => access(path, (error) => resolve(error === null)));
  return look.catch(() => false);
}

/**
 * The file that `sockact drain` creates for the service of this process. All instances of a template share
 * one.
 */
function flagOfService(): string | null {
  const service = serviceOfProcess();
  if (service === undefined) return null;
  const state = service.isOfUser
    ? process.env["XDG_STATE_HOME"] || join(homedir(), ".local/state")
    : "/var/lib";
  return join(state, "sockact/drained", service.name.replace(/(?:@.*)?\.service$/, ""));
}
