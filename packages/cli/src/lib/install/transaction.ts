export type {
  Applied,
  ApplyOptions,
  ExtraFile,
  InstallPlan,
  InstallStep,
  PreparedFile,
  PreparedInstall,
} from "./plan.ts";
export { applyInstall } from "./apply.ts";
export { filesFolder } from "./places.ts";
export { interruptible } from "./interrupt.ts";
export { checkPlace, prepareInstall } from "./prepare.ts";
export { installedNames, readManifest, type Manifest } from "./manifest.ts";
