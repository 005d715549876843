import type { Diagnosis } from "./model/diagnosis.ts";
import { appWarning } from "./diagnoses/app-warning.ts";
import { idleSpin } from "./diagnoses/idle-spin.ts";
import { launcher } from "./diagnoses/launcher.ts";
import { neverReady } from "./diagnoses/never-ready.ts";
import { notEnabled } from "./diagnoses/not-enabled.ts";
import { portForbidden } from "./diagnoses/port-forbidden.ts";
import { portTaken } from "./diagnoses/port-taken.ts";
import { restartLoop } from "./diagnoses/restart-loop.ts";
import { serviceWithoutSocket } from "./diagnoses/service-without-socket.ts";
import { socketFailed } from "./diagnoses/socket-failed.ts";
import { socketInactive } from "./diagnoses/socket-inactive.ts";
import { socketNotTaken } from "./diagnoses/socket-not-taken.ts";
import { startLimitHit } from "./diagnoses/start-limit-hit.ts";
import { triggerLimitHit } from "./diagnoses/trigger-limit-hit.ts";
import { unitNotLoaded } from "./diagnoses/unit-not-loaded.ts";

/** All that the doctor looks for. Of what is equally bad, it reports in this order. */
export const diagnoses: readonly Diagnosis[] = [
  unitNotLoaded,
  serviceWithoutSocket,
  launcher,
  socketNotTaken,
  portTaken,
  portForbidden,
  startLimitHit,
  triggerLimitHit,
  neverReady,
  restartLoop,
  socketFailed,
  socketInactive,
  notEnabled,
  idleSpin,
  appWarning,
];
