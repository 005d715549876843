import process from "node:process";
import { getSystemErrorName } from "node:util";
import { NotifyError } from "./errors.ts";
import { processState } from "./process-state.ts";

/** What is used of node:ffi, of Node 26. */
interface Ffi {
  dlopen(
    library: string,
    functions: Record<string, { arguments: string[]; return: string }>,
  ): { functions: Record<string, (...args: unknown[]) => number> };
}

/** sd_pid_notify_with_fds(3): of a library that returns what went wrong, which errno would not outlive. */
export type SdNotify = (text: string, fds: readonly number[]) => number;

/** Whether Node warned when node:ffi was loaded, which it does once in a process. */
const state = processState("ffi", { warned: false });

/**
 * libsystemd, where this Node has node:ffi without a flag and without a warning; otherwise undefined, as of Node 26: it warns.
 *
 * @param warnings `allow`: for tests, which use it anyway
 */
export function loadSdNotify(warnings: "allow" | "avoid" = "avoid"): SdNotify | undefined {
  try {
    const { dlopen } = loadQuietly(warnings) ?? {};
    const sdNotify = dlopen?.("libsystemd.so.0", {
      sd_pid_notify_with_fds: { arguments: ["i32", "i32", "string", "buffer", "u32"], return: "i32" },
    }).functions["sd_pid_notify_with_fds"];
    return (
      sdNotify && ((text, fds) => sdNotify(0, 0, text, Buffer.from(Int32Array.from(fds).buffer), fds.length))
    );
  } catch {
    // No libsystemd, or no permission.
    return undefined;
  }
}

/** Node warns while it loads the module, once in a process. Nothing else says whether it would. */
function loadQuietly(warnings: "allow" | "avoid"): Ffi | undefined {
  // Patches process.emitWarning, while the module loads.
  const { emitWarning } = process;
  process.emitWarning = () => {
    state.warned = true;
  };
  try {
    const ffi = process.getBuiltinModule?.("node:ffi") as Ffi | undefined;
    return state.warned && warnings === "avoid" ? undefined : ffi;
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** Sends a message with these descriptors to a NOTIFY_SOCKET of any form that libsystemd knows. */
export function sendWithFfi(sdNotify: SdNotify, socket: string, text: string, fds: readonly number[]): void {
  // Only from here does the library take it.
  process.env["NOTIFY_SOCKET"] = socket;
  let result: number;
  try {
    result = sdNotify(text, fds);
  } finally {
    delete process.env["NOTIFY_SOCKET"];
  }
  if (result > 0) return;
  throw new NotifyError(
    "ERR_NOTIFY_SEND",
    `libsystemd could not send to ${socket}: ${result < 0 ? getSystemErrorName(result) : result}`,
    "The service manager has gone, or a sandbox (RestrictAddressFamilies=) lets nothing through to it.",
  );
}
