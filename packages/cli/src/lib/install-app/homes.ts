import type { AppDescription } from "@sockact/units";

/** The home that a path is in: `/home/me`, `/root` or `/run/user/1000`. */
export function homeOf(path: string): string | undefined {
  return /^(?:\/home\/[^/]+|\/root|\/run\/user\/[^/]+)(?=\/|$)/.exec(path)?.[0];
}

/**
 * Makes a service see these files and folders of homes, and nothing else in them. So a service that runs as a user of its own can read an app in a
 * home that is closed to others: the folders above are not the real ones. What the app's own folder allows counts as it does elsewhere.
 */
export function withFoldersOfHomes(description: AppDescription, paths: readonly string[]): AppDescription {
  const { hardening = "outbound", raw } = description;
  return {
    ...description,
    hardening: {
      ...(typeof hardening === "string" ? { profile: hardening } : hardening),
      protectHome: "tmpfs",
    },
    raw: { ...raw, Service: { ...raw?.Service, BindReadOnlyPaths: paths.map(listItem) } },
  };
}

/** A path in a list of systemd.exec(5), in which quotes keep spaces. Not each systemd reads other characters back as it has written them. */
function listItem(path: string): string {
  return path.includes(" ") ? `"${path}"` : path;
}
