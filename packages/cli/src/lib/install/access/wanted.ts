/** What the service has to be able to read, and where to look for more. */
export interface Wanted {
  /** Files and folders without which it does not start. */
  paths: readonly string[];
  /** The app's own folder, whose files are looked at one by one. */
  folder: string | undefined;
  /** Further files without which it starts, and works worse. */
  useful: readonly string[];
  /** Folders with packages. */
  packages: readonly string[];
}

/** A file or folder that can't be read. */
export interface Closed {
  path: string;
  /** `EACCES`, `ENOENT` and the like. */
  code: string;
}

/** What a process of the service's user has seen. */
export interface Seen {
  /** The version of Node, such as `v22.4.0`. */
  node: string;
  /** The files that the service needs. */
  closed: readonly Closed[];
  /** Files of the app that it may or may not need. */
  closedFiles: readonly Closed[];
  /** Whether there were too many files to look at each. */
  isPartial: boolean;
}
