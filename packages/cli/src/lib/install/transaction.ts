export type { Applied, ExtraFile, InstallPlan, InstallStep, PreparedInstall } from "./plan.ts";
export { applyInstall } from "./apply.ts";
export { filesFolder, rootOfUnits, unitFolder } from "./places.ts";
export { refuseForeignAccounts } from "./foreign-accounts.ts";
export { refuseSameFolder } from "./same-folder.ts";
export { interruptible } from "./interrupt.ts";
export { checkPlace, prepareInstall } from "./prepare.ts";
export { notStartedText } from "./rollback.ts";
export { readManifest, type Manifest } from "./manifest.ts";
