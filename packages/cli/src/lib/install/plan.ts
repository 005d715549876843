/** The installation to make, as plain data. The user sees the same contents. */
export interface InstallPlan {
  /** The service's name, without suffix. */
  name: string;
  /** Whether it is for the user's own service manager. */
  user: boolean;
  /** `/`, or the absolute path of the root folder of an image or a container. Nothing is started there. */
  root: string;
  /** The unit files by name, as `emitUnits` writes them. A header is added, by which `sockact` recognizes them. */
  units: Record<string, string>;
  /** Further files, such as a copy of the preload. Each is in the folder that `filesFolder()` returns. */
  extraFiles: ExtraFile[];
  /** The socket units. Without any, the service itself is enabled and started. */
  sockets: string[];
  /** The service's unit: `shop.service`, or `shop@.service` for a template. */
  service: string;
  /** The description that the units were written from, for `status` and `doctor`. */
  description?: unknown;
  /** The absolute path of the config that has the description. */
  config?: string | undefined;
  /** Whose app it is. By default, that of the owner of the last file in the command. */
  author?: Author | undefined;
}

/** A user who decides what a service runs, and the file or folder that shows it. */
export interface Author {
  path: string;
  uid: number;
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

/** Exactly the changes that `applyInstall` will make. */
export interface PreparedInstall {
  plan: InstallPlan;
  files: PreparedFile[];
  /** Units of an earlier installation of this name that the plan no longer has. Their files are removed. */
  removed: string[];
  /** Their present contents. */
  removedTexts: string[];
  /** What the user should know before saying yes, in sentences. */
  notes: string[];
  /** Whether foreign or edited files may be replaced. They are kept in a backup. */
  force: boolean;
}

/** A unit that ran before the change and does not start again. Its files and its enablement were restored nevertheless. */
export interface NotStarted {
  unit: string;
  /** The lines of systemd and of the app. */
  why: string[];
}

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
  /** `how` is "rolling" if no client had to wait, and "queued" if connections waited in the socket; "closed": the port was closed for a moment. */
  | { type: "restarted"; units: string[]; how: "rolling" | "queued" | "closed" }
  | { type: "listening"; units: string[] }
  | { type: "stopped"; units: string[] }
  /** A step has failed, or the user has interrupted the installation. The changes are being undone. */
  | { type: "undoing" };

export interface ApplyOptions {
  onStep?: ((step: InstallStep) => void) | undefined;
  /** Once aborted, all changes are undone, and the promise rejects with SOCKACT_ERR_INSTALL_INTERRUPTED. */
  signal?: AbortSignal | undefined;
  /** The last step, such as a test request. If it rejects, all changes are undone, and `applyInstall` rejects with its error. */
  verify?: (() => Promise<void>) | undefined;
}

export interface Applied {
  /** Whether anything was changed: files, enablement, or what runs. */
  changed: boolean;
  /** The backups of the files that `force` has replaced. */
  backups: string[];
}
