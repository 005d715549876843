import type { ChildProcess, SendHandle } from "node:child_process";
import process from "node:process";
import { MESSAGE_CMD } from "./cluster-channel.ts";
import { replaceListeners } from "./process-events.ts";
import { processState } from "./process-state.ts";
import type { TlsSessions } from "./tls-sessions.ts";

/** The messages from the new process to the process that hands over to it. */
export type NewProcessMessage =
  /**
   * READY=1 waits for nothing else. `fds` are the numbers of the passed sockets that it serves, and `keeps`
   * the names of its keepers of connections.
   */
  | { act: "ready"; pid: number; fds: readonly number[]; keeps?: readonly string[] }
  /** It ends with this exit status. */
  | { act: "exit"; code: number }
  /** It closes the channel. */
  | { act: "disconnect" }
  /** It has taken the last connection that was sent. */
  | { act: "taken" }
  /** It can't continue with the upgraded connection that was last sent, and has read nothing from it. */
  | { act: "declined" }
  /** It stops, so no more connections may be sent. It takes those that come before `moved`. */
  | { act: "stopping" };

/** The messages from the process that hands over to the new one. */
export type OldProcessMessage =
  /**
   * The new process is the main process of the service, and may accept. `sessions` are TLS sessions, by
   * socket number.
   */
  | { act: "serve"; sessions: Readonly<Record<number, TlsSessions>> }
  /**
   * A connection comes with the message. The old process accepted it from the socket with this number.
   * `header` is its PROXY header in Base64. `isMore` means that another one follows at once. An upgraded
   * connection is for the keeper `kept.name`.
   */
  | {
      act: "connection";
      fd: number;
      header?: string | undefined;
      isMore: boolean;
      kept?: { id: number; name: string; data: string } | undefined;
    }
  /** More data for a kept connection that has moved. */
  | { act: "late"; id: number; data: string }
  /** No more connections follow. */
  | { act: "moved" };

interface Channel {
  on(event: "internalMessage", listener: (message: { cmd?: unknown }, handle?: unknown) => void): unknown;
}

/** Only the first copy of the package in this process sees `process.send`. */
const own = processState("handover channel", {
  send: undefined as typeof process.send,
  /** Called when the old process has ended. */
  onOldProcessEnd: new Set<() => void>(),
});

/**
 * Takes the channel to the parent process, and hides it from the app. Many apps and libraries call
 * `process.send()`, for a process manager. Here nothing reads such a message, and it would fail once the
 * other process has ended. Many also exit when the manager disconnects.
 */
export function takeChannel(): void {
  own.send = process.send?.bind(process);
  replaceListeners("disconnect", () => {
    for (const listener of own.onOldProcessEnd) listener();
  });
  // Node itself uses its own reference. TypeScript does not know that the property can be removed.
  (process as { send?: unknown }).send = undefined;
  const { disconnect } = process;
  // Node also calls this when the old process has ended. The message then has no effect.
  process.disconnect = () => {
    sendToOldProcess({ act: "disconnect" });
    disconnect.call(process);
  };
}

/** @param sent called when the message was written, or can't be */
export function sendToOldProcess(message: NewProcessMessage, sent = (): void => {}): void {
  if (process.connected) own.send?.({ cmd: MESSAGE_CMD, ...message }, undefined, undefined, sent);
  else sent();
}

export function onOldProcessMessage(listener: (message: OldProcessMessage, handle: unknown) => void): void {
  onMessage(process as unknown as Channel, listener);
}

/** Calls the listener when the parent process has ended. */
export function onOldProcessEnd(listener: () => void): void {
  own.onOldProcessEnd.add(listener);
}

/** Resolves with whether the message was sent. */
export function sendToNewProcess(
  child: ChildProcess,
  message: OldProcessMessage,
  handle?: unknown,
): Promise<boolean> {
  return new Promise((resolve) => {
    if (child.connected)
      child.send({ cmd: MESSAGE_CMD, ...message }, handle as SendHandle, {}, (error) =>
        resolve(error === null),
      );
    else resolve(false);
  });
}

export function onNewProcessMessage(
  child: ChildProcess,
  listener: (message: NewProcessMessage) => void,
): void {
  onMessage(child as unknown as Channel, listener);
}

/**
 * Calls the listener if a handle did not arrive. Node sends this message, for example if the new process has
 * too many open files: recvmsg(2), MSG_CTRUNC.
 */
export function onHandleLost(child: ChildProcess, listener: () => void): void {
  (child as unknown as Channel).on("internalMessage", ({ cmd }) => {
    if (cmd === "NODE_HANDLE_NACK") listener();
  });
}

function onMessage<T>(channel: Channel, listener: (message: T, handle: unknown) => void): void {
  channel.on("internalMessage", (message, handle) => {
    if (message.cmd === MESSAGE_CMD) listener(message as T, handle);
  });
}
