/** What is to be installed, as plain data. The texts are those that the user is shown. */
export interface InstallPlan {
  /** The service's name, without suffix. */
  name: string;
  /** Whether it is for the user's own service manager. */
  user: boolean;
  /** `/`, or the absolute path of the root folder of an image or a container. Nothing is started there. */
  root: string;
  /** The texts of the unit files by name, as `emitUnits` writes them. A header is added, by which `sockact` knows them again. */
  units: Record<string, string>;
  /** Further files, such as a copy of the preload. Each is in the folder that `filesFolder()` tells. */
  extraFiles: ExtraFile[];
  /** The socket units. Without any, the service itself is enabled and started. */
  sockets: string[];
  /** The service's unit: `shop.service`, or `shop@.service` for a template. */
  service: string;
  /** The description that the units were written from, for `status` and `doctor`. */
  description?: unknown;
  /** The absolute path of the config that has the description. */
  config?: string | undefined;
}

export interface ExtraFile {
  /** Absolute, as the installed service sees it: without `root`. */
  path: string;
  text: string | Buffer;
  /** The permission bits, such as 0o644. */
  mode: number;
}

export interface PreparedFile {
  /** Absolute, with `root`. */
  path: string;
  /** What is written, with the header. */
  text: string | Buffer;
  mode: number;
  state: "new" | "changed" | "same";
  /** What the file holds now, if it exists. */
  previous: string | undefined;
}

/** What `applyInstall` does when it is called, and nothing else. */
export interface PreparedInstall {
  plan: InstallPlan;
  files: PreparedFile[];
  /** Units of an earlier installation of this name that the plan has no more. Their files go. */
  removed: string[];
  /** The texts of those, as they are now. */
  removedTexts: string[];
  /** What the user should know before saying yes, in sentences. */
  notes: string[];
  /** Whether foreign or edited files may be replaced. They are kept in a backup. */
  force: boolean;
}

/** Something that ran before the change and does not start again. The files and the enablement are those of before nevertheless. */
export interface NotStarted {
  unit: string;
  /** What systemd and the app say, in lines. */
  why: string[];
}

/** What `applyInstall` has just done. */
export type InstallStep =
  /** Another `sockact install` or `uninstall` is under way; this one begins when that has ended. */
  | { type: "waiting" }
  /** An earlier call was killed halfway. What it had changed has been put back. */
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
  /** `how` is "rolling" if no client had to wait, and "queued" if connections waited in the socket; "closed": the port was closed for a moment. */
  | { type: "restarted"; units: string[]; how: "rolling" | "queued" | "closed" }
  | { type: "listening"; units: string[] }
  | { type: "stopped"; units: string[] }
  /** A step has failed, or the user has interrupted it. What was done is put back. */
  | { type: "undoing" };

export interface ApplyOptions {
  onStep?: ((step: InstallStep) => void) | undefined;
  /** Once aborted, everything is put back, and the promise rejects with ERR_INSTALL_INTERRUPTED. */
  signal?: AbortSignal | undefined;
  /** The last step, such as a test request. If it rejects, everything is put back, and `applyInstall` rejects with its error. */
  verify?: (() => Promise<void>) | undefined;
}

export interface Applied {
  /** Whether anything was changed: files, enablement, or what runs. */
  changed: boolean;
  /** The backups of the files that `force` has replaced. */
  backups: string[];
}
