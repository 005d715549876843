import type { NotStarted } from "../undo/undo.ts";

/** A step that `applyInstall` has just taken. */
export type InstallStep =
  /** Another `sockact install` or `uninstall` runs. This one begins when the other has ended. */
  | { type: "waiting" }
  /** An earlier call was killed halfway. Its changes have been undone. */
  | { type: "recovered"; notStarted: NotStarted[] }
  /** All new files are on the disk, beside their targets. */
  | { type: "staged" }
  | { type: "written"; path: string }
  | { type: "removed"; path: string }
  | { type: "reloaded" }
  | { type: "enabled"; units: string[] }
  /** Sockets that the description no longer has. */
  | { type: "disabled"; units: string[] }
  | { type: "started"; units: string[] }
  /**
   * `how` is "rolling" if no client had to wait, and "queued" if connections waited in the socket; "closed":
   * the port was closed for a moment.
   */
  | { type: "restarted"; units: string[]; how: "rolling" | "queued" | "closed" }
  | { type: "listening"; units: string[] }
  | { type: "stopped"; units: string[] }
  /** A step has failed, or the user has interrupted the installation. The changes are being undone. */
  | { type: "undoing" };

/** A step that `applyUninstall` has just taken. */
export type UninstallStep =
  /** Another `sockact install` or `uninstall` runs. This one begins when the other has ended. */
  | { type: "waiting" }
  /** An earlier call was killed halfway. Its changes have been undone. */
  | { type: "recovered" }
  /** The services have finished their open requests, and no socket listens any more. */
  | { type: "stopped"; units: string[] }
  | { type: "disabled"; units: string[] }
  | { type: "removed"; path: string }
  | { type: "reloaded" };

export interface ApplyOptions {
  onStep: (step: InstallStep) => void;
  /** Once aborted, all changes are undone, and the promise rejects with SOCKACT_ERR_INSTALL_INTERRUPTED. */
  signal?: AbortSignal | undefined;
  /**
   * The last step, such as a test request. If it rejects, all changes are undone, and `applyInstall` rejects
   * with its error.
   */
  verify?: (() => Promise<void>) | undefined;
}

export interface Applied {
  /** Whether anything was changed, or undone: files, enablement, or what runs. */
  changed: boolean;
  /** The backups of the files that `force` has replaced. */
  backups: string[];
}
