import { sha256 } from "../header.ts";
import { type BundleRecord, type Manifest, manifestPath, readManifest } from "../manifest.ts";
import type { Place } from "../places.ts";
import type { ExtraFile } from "../plan/plan.ts";
import { contentOf } from "../safe-folder.ts";
import { Change, type FileChange } from "../undo/change.ts";
import { recover, undo } from "../undo/undo.ts";
import { Units } from "../units.ts";
import type { ApplyOptions } from "./steps.ts";
import { inTurn, locked } from "./turns.ts";

/** The new files of an installed bundle. */
export interface BundleFiles {
  files: readonly ExtraFile[];
  record: BundleRecord;
}

/**
 * Replaces the bundle of an installed service, and runs an action that starts the new one. If the action
 * rejects, restores the old files and running units.
 *
 * @param isOfBundle whether a file belongs to the bundle
 */
export async function replaceBundle<Result>(
  place: Place,
  name: string,
  { files, record }: BundleFiles,
  isOfBundle: (path: string) => boolean,
  options: Pick<ApplyOptions, "onStep" | "signal">,
  action: () => Promise<Result>,
): Promise<Result> {
  return locked(place, name, options, async () => {
    const change = await inTurn(place, options, async () => {
      const notStarted = await recover(place, name);
      if (notStarted) options.onStep({ type: "recovered", notStarted });
      const earlier = readManifest(place, name)!;
      const manifest: Manifest = {
        ...earlier,
        files: [
          ...earlier.files.filter(({ path }) => !isOfBundle(path)),
          ...files.map(({ path, text }) => ({ path, sha256: sha256(text) })),
        ],
        bundle: record,
      };
      const text = `${JSON.stringify(manifest, null, 2)}\n`;
      const wanted: FileChange[] = [
        ...files.map(({ path, text: content, mode }) => ({ path, content, mode })),
        { path: manifestPath(place, name), content: text, mode: 0o644 },
      ].filter(({ path, content }) => !contentOf(path)?.equals(Buffer.from(content)));
      const dropped = earlier.files.filter(
        ({ path }) => isOfBundle(path) && !files.some((file) => file.path === path),
      );
      if (wanted.length + dropped.length === 0) return undefined;
      const units = new Units(place);
      const instances = await Promise.all(
        [...earlier.sockets, earlier.service].map(async (unit) => units.instancesOf(unit)),
      );
      const begun = Change.begin(
        place,
        name,
        [...wanted, ...dropped.map(({ path }) => ({ path, content: undefined, mode: 0 }))],
        await units.before(instances.flat()),
      );
      for (const { path, isRemoved } of begun.write())
        options.onStep({ type: isRemoved ? "removed" : "written", path });
      return begun;
    });
    if (change === undefined) return action();
    try {
      const result = await action();
      change.commit();
      return result;
    } catch (error) {
      return inTurn(place, { onStep: options.onStep }, async () => undo(error, place, change, options));
    }
  });
}
