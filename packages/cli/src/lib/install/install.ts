// `sockact install` and `uninstall`: plan, apply, undo. Other folders import only this file.
export { appOutput } from "./failure.ts";
export { isDrained, setDrained, unsetDrained } from "./drained.ts";
export { authorOf, hasHeader, sha256, withHeader, withoutHeader } from "./header.ts";
export { type Author, type BundleRecord, type Manifest, readManifest } from "./manifest.ts";
export { checkPlace, filesFolder, type Place, rootOfUnits, unitFolder } from "./places.ts";
export { type InstalledSite, installedSite, installedSites } from "./installed-sites.ts";
export { inFolder } from "./safe-folder.ts";
export { isInterrupted } from "./interrupted.ts";
export { foldersIn } from "./service-paths.ts";
export { isIncluded, type PlannedSite } from "./sites.ts";
export {
  type ExtraFile,
  type InstallPlan,
  type PreparedInstall,
  serviceOf,
  socketsOf,
  startersOf,
} from "./plan/plan.ts";
export { assertAccountNamesFree } from "./plan/foreign-accounts.ts";
export { assertSeparateFolders } from "./plan/foreign-paths.ts";
export { authorOfApp } from "./plan/foreign-units.ts";
export { prepareInstall } from "./plan/prepare-install.ts";
export { type PreparedUninstall, prepareUninstall } from "./plan/prepare-uninstall.ts";
export { applyInstall } from "./apply/apply-install.ts";
export { replaceBundle } from "./apply/replace-files.ts";
export { applyUninstall } from "./apply/apply-uninstall.ts";
export type { Applied, InstallStep, UninstallStep } from "./apply/steps.ts";
export { notStartedText } from "./undo/undo.ts";
