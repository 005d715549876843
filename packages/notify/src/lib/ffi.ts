import process from "node:process";
import { getSystemErrorName } from "node:util";
import { NotifyError } from "./errors.ts";
import { processState } from "./process-state.ts";

type Functions = Record<string, (...args: unknown[]) => number>;

/** The part of node:ffi, bun:ffi and Deno that this file uses. */
interface Ffi {
  dlopen(library: string, functions: Record<string, object>): { functions?: Functions; symbols?: Functions };
}

/**
 * sd_pid_notify_with_fds(3). Its result is the error number. errno can't be used, because Node changes it
 * before we can read it.
 */
export type SdNotify = (text: string, fds: readonly number[]) => number;

/** Whether Node warned about node:ffi. It does so once per process. */
const state = processState("ffi", { warned: false });

/**
 * The function of libsystemd. Undefined if Node has node:ffi only with a flag or warning, as Node 26 does, or if
 * Deno runs without `--allow-ffi`.
 *
 * @param warnings tests pass `allow` to use node:ffi despite the warning
 */
export function loadSdNotify(warnings: "allow" | "avoid" = "avoid"): SdNotify | undefined {
  try {
    const { Deno } = globalThis as { Deno?: Ffi };
    const isBun = "bun" in process.versions;
    const ffi = Deno ?? (isBun ? builtin("bun:ffi") : loadQuietly(warnings));
    const types = `i32 i32 ${isBun ? "ptr ptr" : "buffer buffer"} u32`.split(" ");
    // In the words of Node, Deno and Bun.
    const signature = {
      arguments: types,
      return: "i32",
      parameters: types,
      result: "i32",
      args: types,
      returns: "i32",
    };
    const opened = ffi?.dlopen("libsystemd.so.0", { sd_pid_notify_with_fds: signature });
    const sdNotify = (opened?.functions ?? opened?.symbols)?.["sd_pid_notify_with_fds"];
    // Bun takes no pointer to an empty buffer.
    const bytes = (fds: readonly number[]): Buffer => Buffer.from(Int32Array.from([...fds, -1]).buffer);
    return sdNotify && ((text, fds) => sdNotify(0, 0, Buffer.from(`${text}\0`), bytes(fds), fds.length));
  } catch {
    // libsystemd is missing, or Node's permission model forbids it.
    return undefined;
  }
}

function builtin(name: string): Ffi | undefined {
  return process.getBuiltinModule?.(name as never) as Ffi | undefined;
}

/** Loads node:ffi and hides its warning. No other way is known to find out whether Node warns. */
function loadQuietly(warnings: "allow" | "avoid"): Ffi | undefined {
  // Patches process.emitWarning while the module loads.
  const { emitWarning } = process;
  process.emitWarning = () => {
    state.warned = true;
  };
  try {
    const ffi = builtin("node:ffi");
    return state.warned && warnings === "avoid" ? undefined : ffi;
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** Sends a message with these descriptors to NOTIFY_SOCKET. */
export function sendWithFfi(sdNotify: SdNotify, socket: string, text: string, fds: readonly number[]): void {
  // The library reads the address only from the environment.
  process.env["NOTIFY_SOCKET"] = socket;
  let result: number;
  try {
    result = sdNotify(text, fds);
  } finally {
    delete process.env["NOTIFY_SOCKET"];
  }
  if (result > 0) return;
  throw new NotifyError(
    "SOCKACT_ERR_NOTIFY_SEND",
    `libsystemd could not send to ${socket}: ${result < 0 ? getSystemErrorName(result) : result}`,
    "The service manager has ended, or the sandbox forbids the connection: RestrictAddressFamilies= must contain AF_UNIX.",
  );
}
