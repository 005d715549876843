import { basename } from "node:path";
import { type PreparedInstall, withoutHeader } from "../install/install.ts";
import type { WantedService } from "./services.ts";

/** The units as they are written, each with its path. */
export function textOfUnits({ units }: WantedService, { files }: PreparedInstall): string {
  const texts = files.filter(({ path }) => basename(path) in units);
  return texts.map(({ path, text }) => `# ${path}\n${text.toString()}\n`).join("");
}

/** The new files as they are, and of the changed ones what changes. */
export async function changesOfUnits(service: WantedService, prepared: PreparedInstall): Promise<string> {
  const { unifiedDiff } = await import("../output/diff.ts");
  const changed = prepared.files.filter(({ state }) => state === "changed");
  const added = prepared.files.filter(({ state }) => state === "new");
  const patches = changed
    .filter(({ path }) => basename(path) in service.units)
    .map(({ path, previous = "", text }) =>
      unifiedDiff(
        { path, text: withoutHeader(previous) },
        { path, text: withoutHeader(text.toString()) },
      ).replace(/^Index: .*\n/, ""),
    );
  return textOfUnits(service, { ...prepared, files: added }) + patches.join("\n");
}
