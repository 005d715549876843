import { constants } from "node:os";
import { ActivationError, parseListenEnvironment } from "@sockact/core";
import type { ListenVariables } from "@sockact/testkit";

/** Descriptors that are open in the process that asks libsystemd: up to these, a count is never EBADF. */
export const OPEN = 40;

/** What parseListenEnvironment() makes of an environment, in the terms of sd_listen_fds_with_names(3). */
export interface Answer {
  result: number;
  names: readonly string[];
  code?: string;
}

export function answer(env: ListenVariables, pid: number): Answer {
  try {
    const parsed = parseListenEnvironment(env, pid);
    // libsystemd also looks whether the descriptors are open; activatedSockets() does that in a later step.
    if (parsed.activated && parsed.names.length > OPEN) return { result: -constants.errno.EBADF, names: [] };
    return parsed.activated ? { result: parsed.names.length, names: parsed.names } : { result: 0, names: [] };
  } catch (error) {
    if (error instanceof ActivationError) return { result: error.errno ?? 0, names: [], code: error.code };
    throw error;
  }
}
