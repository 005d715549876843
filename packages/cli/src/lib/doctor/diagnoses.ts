import type { Diagnosis } from "./model/diagnosis.ts";
import { addressFamilyRefused } from "./diagnoses/address-family-refused.ts";
import { addressMissing } from "./diagnoses/address-missing.ts";
import { appCrashed } from "./diagnoses/app-crashed.ts";
import { appUnreachable } from "./diagnoses/app-unreachable.ts";
import { appWarning } from "./diagnoses/app-warning.ts";
import { configDiffers } from "./diagnoses/config-differs.ts";
import { descriptorsExhausted } from "./diagnoses/descriptors-exhausted.ts";
import { dropInOverrides } from "./diagnoses/drop-in-overrides.ts";
import { environmentFileMissing } from "./diagnoses/environment-file-missing.ts";
import { eventLoopBlocked } from "./diagnoses/event-loop-blocked.ts";
import { fileHidden } from "./diagnoses/file-hidden.ts";
import { fileReadOnly } from "./diagnoses/file-read-only.ts";
import { fileRefused } from "./diagnoses/file-refused.ts";
import { folderUnreachable } from "./diagnoses/folder-unreachable.ts";
import { handoverFailed } from "./diagnoses/handover-failed.ts";
import { handoverUnfinished } from "./diagnoses/handover-unfinished.ts";
import { handoverUnitChanged } from "./diagnoses/handover-unit-changed.ts";
import { handoverWaiting } from "./diagnoses/handover-waiting.ts";
import { handoverUnsupported } from "./diagnoses/handover-unsupported.ts";
import { idleSpin } from "./diagnoses/idle-spin.ts";
import { jitCrashed } from "./diagnoses/jit-crashed.ts";
import { launcher } from "./diagnoses/launcher.ts";
import { loopbackOnly } from "./diagnoses/loopback-only.ts";
import { memoryExhausted } from "./diagnoses/memory-exhausted.ts";
import { moduleMissing } from "./diagnoses/module-missing.ts";
import { networkCut } from "./diagnoses/network-cut.ts";
import { neverReady } from "./diagnoses/never-ready.ts";
import { nodeOld } from "./diagnoses/node-old.ts";
import { nodeOptionsRefused } from "./diagnoses/node-options-refused.ts";
import { notEnabled } from "./diagnoses/not-enabled.ts";
import { portForbidden } from "./diagnoses/port-forbidden.ts";
import { portIgnored } from "./diagnoses/port-ignored.ts";
import { portTaken } from "./diagnoses/port-taken.ts";
import { programUnreachable } from "./diagnoses/program-unreachable.ts";
import { proxyHeader } from "./diagnoses/proxy-header.ts";
import { reloadFailed } from "./diagnoses/reload-failed.ts";
import { restartLoop } from "./diagnoses/restart-loop.ts";
import { runtimeBun } from "./diagnoses/runtime-bun.ts";
import { securityDenied } from "./diagnoses/security-denied.ts";
import { serviceFailed } from "./diagnoses/service-failed.ts";
import { serviceWithoutSocket } from "./diagnoses/service-without-socket.ts";
import { socketFailed } from "./diagnoses/socket-failed.ts";
import { socketInNamespace } from "./diagnoses/socket-in-namespace.ts";
import { socketInactive } from "./diagnoses/socket-inactive.ts";
import { socketNameUnknown } from "./diagnoses/socket-name-unknown.ts";
import { socketNotOpen } from "./diagnoses/socket-not-open.ts";
import { socketNotClaimed } from "./diagnoses/socket-not-claimed.ts";
import { socketStartsOther } from "./diagnoses/socket-starts-other.ts";
import { startLimitHit } from "./diagnoses/start-limit-hit.ts";
import { startStepFailed } from "./diagnoses/start-step-failed.ts";
import { syscallKilled } from "./diagnoses/syscall-killed.ts";
import { triggerLimitHit } from "./diagnoses/trigger-limit-hit.ts";
import { unitEdited } from "./diagnoses/unit-edited.ts";
import { unitNotLoaded } from "./diagnoses/unit-not-loaded.ts";
import { unitOutdated } from "./diagnoses/unit-outdated.ts";
import { userMissing } from "./diagnoses/user-missing.ts";

/** All diagnoses. Findings of the same severity are reported in this order: causes come before their consequences. */
export const diagnoses: readonly Diagnosis[] = [
  unitNotLoaded,
  unitOutdated,
  configDiffers,
  addressMissing,
  socketNotOpen,
  socketInNamespace,
  socketStartsOther,
  programUnreachable,
  folderUnreachable,
  userMissing,
  environmentFileMissing,
  startStepFailed,
  appUnreachable,
  moduleMissing,
  nodeOld,
  runtimeBun,
  nodeOptionsRefused,
  securityDenied,
  syscallKilled,
  jitCrashed,
  memoryExhausted,
  descriptorsExhausted,
  socketNameUnknown,
  fileReadOnly,
  fileHidden,
  fileRefused,
  addressFamilyRefused,
  networkCut,
  serviceWithoutSocket,
  launcher,
  eventLoopBlocked,
  socketNotClaimed,
  portTaken,
  portForbidden,
  neverReady,
  restartLoop,
  appCrashed,
  serviceFailed,
  startLimitHit,
  triggerLimitHit,
  socketFailed,
  socketInactive,
  notEnabled,
  handoverUnsupported,
  handoverWaiting,
  handoverFailed,
  reloadFailed,
  handoverUnfinished,
  handoverUnitChanged,
  idleSpin,
  appWarning,
  unitEdited,
  dropInOverrides,
  proxyHeader,
  loopbackOnly,
  portIgnored,
];
