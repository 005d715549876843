import { basename, join } from "node:path";
import { proxyOfFile } from "../../proxy/find-proxy.ts";
import { ownVersion } from "../../shared/own-version.ts";
import { authorOf, sha256 } from "../header.ts";
import { type Manifest, manifestPath, readManifest } from "../manifest.ts";
import { serviceFolder } from "../places.ts";
import { isUnit, type PreparedInstall, serviceOf, socketsOf } from "../plan/plan.ts";
import { contentOf } from "../safe-folder.ts";
import type { FileChange } from "../undo/change.ts";

/** A backup, under a free name, of each file that `force` replaces. */
export function backupsOf({ files, plan }: PreparedInstall): FileChange[] {
  const folder = join(serviceFolder(plan, plan.name), "backup");
  const foreign = files.filter(
    ({ path, previous, state }) =>
      state === "changed" &&
      (isUnit(path) || proxyOfFile(path, plan.name) !== undefined) &&
      authorOf(plan.name, previous!) !== "sockact",
  );
  return foreign.map(({ path, previous }) => {
    for (let number = 0; ; number += 1) {
      const file = join(folder, number === 0 ? basename(path) : `${basename(path)}.${number}`);
      // The replaced file may have been unreadable for other users.
      if (contentOf(file) === undefined) return { path: file, content: previous!, mode: 0o600 };
    }
  });
}

/** All files that an installation writes and removes. */
export function fileChanges(prepared: PreparedInstall, backups: FileChange[]): FileChange[] {
  const changed = prepared.files
    .filter(({ state }) => state !== "same")
    .map(({ path, text, mode, state }) => ({ path, content: state === "removed" ? undefined : text, mode }));
  return [...backups, ...changed, ...manifestChange(prepared, backups)];
}

/** The manifest does not change if only its time would. */
function manifestChange({ plan, files }: PreparedInstall, backups: FileChange[]): FileChange[] {
  const { name, root, description, config, bundle, author, made = [] } = plan;
  const earlier = readManifest(plan, name);
  const inside = (path: string) => join("/", path.slice(root === "/" ? 0 : root.length));
  const kept = (earlier?.files ?? []).filter(({ path }) => path.includes("/backup/"));
  const written = files.filter(({ state }) => state !== "removed");
  const all = [...written.map(({ path, text }) => ({ path, content: text })), ...backups];
  const manifest: Manifest = {
    format: 1,
    name,
    sockact: ownVersion(),
    installedAt: new Date().toISOString(),
    files: [...kept, ...all.map(({ path, content }) => ({ path: inside(path), sha256: sha256(content!) }))],
    sockets: socketsOf(plan),
    service: serviceOf(plan),
    description,
    config,
    ...(bundle && { bundle }),
    ...(author && { author }),
    ...(made.length > 0 && { made }),
  };
  if (
    earlier &&
    JSON.stringify({ ...manifest, installedAt: earlier.installedAt }) === JSON.stringify(earlier)
  )
    return [];
  return [{ path: manifestPath(plan, name), content: `${JSON.stringify(manifest, null, 2)}\n`, mode: 0o644 }];
}
