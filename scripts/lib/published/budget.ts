/** The maximum sizes of a package, in bytes except for `installedFiles`. */
export interface Budget {
  /** The archive that npm downloads. */
  packed: number;
  /** All files of the package. */
  unpacked: number;
  /** Our files that an app loads if it requires the package and uses nothing else of it. */
  loaded: number;
  /** The files that an install adds: those of the package and of all its dependencies. */
  installed: number;
  /** How many files these are. */
  installedFiles: number;
}

const NAMES = ["packed", "unpacked", "loaded", "installed", "installedFiles"] as const;

/**
 * The growth that a budget allows: 3 %, at least 1 kB for one more sentence in a README, and at most 5 kB. An
 * additional file always needs a decision.
 */
function headRoom(name: keyof Budget, size: number): number {
  return name === "installedFiles" ? 0 : Math.min(Math.max(size * 0.03, 1000), 5000);
}

/**
 * Whether a size fits its budget. A budget that is much too large fails too, because it would hide the next
 * growth.
 */
function fits(name: keyof Budget, size: number, limit: number): boolean {
  return size <= limit && limit - size <= 2 * headRoom(name, size) + 100;
}

/** The sizes that do not fit their budgets, as sentences. */
export function misfits(sizes: Budget, budget: Partial<Budget>): string[] {
  return NAMES.filter((name) => !fits(name, sizes[name], budget[name] ?? 0)).map((name) => {
    const unit = name === "installedFiles" ? "files" : "bytes";
    const what = name === "installedFiles" ? "an install adds" : `${name}:`;
    return `${what} ${sizes[name].toLocaleString("en")} ${unit}; the budget is ${(budget[name] ?? 0).toLocaleString("en")}`;
  });
}

/** A budget for these sizes: it keeps each limit that fits. */
export function budgetFor(sizes: Budget, accepted: Partial<Budget> | undefined): Budget {
  const limit = (name: keyof Budget): number => {
    const size = sizes[name];
    if (accepted?.[name] !== undefined && fits(name, size, accepted[name])) return accepted[name];
    return name === "installedFiles" ? size : Math.ceil((size + headRoom(name, size)) / 100) * 100;
  };
  return Object.fromEntries(NAMES.map((name) => [name, limit(name)])) as unknown as Budget;
}
