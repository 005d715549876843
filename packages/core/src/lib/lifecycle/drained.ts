import { access } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { serviceOfProcess } from "@sockact/shared/notify";
import { processState } from "../shared/process-state.ts";
import { now } from "../shared/timers.ts";

/** How long the last check of the file is cached, in milliseconds. */
const FRESH_MS = 1000;

const drained = processState("drained", {
  /** The file. Null if this process belongs to no service. Undefined until the first check. */
  path: undefined as string | null | undefined,
  /** When the last check began, by now(). */
  since: -Infinity,
  result: Promise.resolve(false),
});

/**
 * Whether `sockact drain` has taken this service out of rotation. Never rejects: an unreadable file counts as
 * missing.
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

/** The file that `sockact drain` creates for this service. All instances of a template share it. */
function flagOfService(): string | null {
  const service = serviceOfProcess();
  if (service === undefined) return null;
  const state = service.isOfUser
    ? process.env["XDG_STATE_HOME"] || join(homedir(), ".local/state")
    : "/var/lib";
  return join(state, "sockact/drained", service.name.replace(/(?:@.*)?\.service$/, ""));
}
