import type { NotStarted } from "../undo/undo.ts";

/** A completed step of `applyInstall`. */
export type InstallStep =
  /** Another `sockact install` or `uninstall` is running. This one waits for it. */
  | { type: "waiting" }
  /** An earlier call was killed. Its changes have been undone. */
  | { type: "recovered"; notStarted: NotStarted[] }
  /** All new files are on the disk, next to their targets. */
  | { type: "staged" }
  | { type: "written"; path: string }
  | { type: "removed"; path: string }
  | { type: "reloaded" }
  | { type: "enabled"; units: string[] }
  /** Sockets that the description no longer has. */
  | { type: "disabled"; units: string[] }
  | { type: "started"; units: string[] }
  /**
   * `how` is "rolling" if no client had to wait, "queued" if connections waited in the socket, or "closed" if
   * the port was closed for a moment.
   */
  | { type: "restarted"; units: string[]; how: "rolling" | "queued" | "closed" }
  | { type: "listening"; units: string[] }
  | { type: "stopped"; units: string[] }
  /** The proxy serves the host names. */
  | { type: "served"; unit: string }
  /** A step failed, or the user interrupted the installation. The changes are being undone. */
  | { type: "undoing" };

/** A completed step of `applyUninstall`. */
export type UninstallStep =
  /** Another `sockact install` or `uninstall` is running. This one waits for it. */
  | { type: "waiting" }
  /** An earlier call was killed. Its changes have been undone. */
  | { type: "recovered" }
  /** The services have finished their open requests, and no socket listens. */
  | { type: "stopped"; units: string[] }
  | { type: "disabled"; units: string[] }
  | { type: "removed"; path: string }
  | { type: "reloaded" };

export interface ApplyOptions {
  onStep: (step: InstallStep) => void;
  /**
   * If it is aborted, all changes are undone, and the promise rejects with SOCKACT_ERR_INSTALL_INTERRUPTED.
   */
  signal?: AbortSignal | undefined;
  /** False to start nothing. Then none of the units may run. */
  start: boolean;
  /**
   * A test of the app, such as a request, before the proxy serves its host names. If it rejects, all changes
   * are undone, and `applyInstall` rejects with the same error.
   */
  verify?: (() => Promise<void>) | undefined;
  /** The same for the site, after the proxy has loaded it. */
  verifySite?: (() => Promise<void>) | undefined;
}

export interface Applied {
  /** Whether anything was changed or undone: files, enablement, or running units. */
  changed: boolean;
  /** The backups of files that `force` replaced. */
  backups: string[];
}
