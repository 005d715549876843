import { addresses } from "./diagnoses/addresses.ts";
import { namesOfHosts } from "./diagnoses/certificates.ts";
import { claims } from "./diagnoses/claims.ts";
import { crashes } from "./diagnoses/crashes.ts";
import { files } from "./diagnoses/files.ts";
import { filesOfUnits } from "./diagnoses/unit-files.ts";
import { hosts } from "./diagnoses/hosts.ts";
import { readiness } from "./diagnoses/readiness.ts";
import { reload } from "./diagnoses/reload.ts";
import { restarts } from "./diagnoses/restarts.ts";
import { sandbox } from "./diagnoses/sandbox.ts";
import { setup } from "./diagnoses/setup.ts";
import { sockets } from "./diagnoses/sockets.ts";
import { units } from "./diagnoses/units.ts";
import { withoutSocket } from "./diagnoses/without-socket.ts";
import type { Diagnosis } from "./model/diagnosis.ts";

/** The order of findings of the same severity: causes before consequences. */
export const order: readonly string[] = `
install-interrupted unit-not-loaded unit-outdated config-differs address-missing socket-not-open socket-in-namespace socket-starts-other
program-unreachable folder-unreachable user-missing environment-file-missing start-step-failed
app-unreachable module-missing node-old runtime-bun node-options-refused
security-denied syscall-killed jit-crashed memory-exhausted descriptors-exhausted
socket-name-unknown file-read-only file-hidden file-refused address-family-refused network-cut
service-without-socket launcher event-loop-blocked socket-not-claimed port-taken port-forbidden never-ready
restart-loop app-crashed service-failed start-limit-hit trigger-limit-hit
socket-failed socket-inactive timer-inactive not-enabled
handover-unsupported handover-waiting handover-failed reload-failed handover-unfinished handover-unit-changed
proxy-inactive proxy-port proxy-config site-missing host-taken caddy-admin
certificate-expired certificate-expires certificate-other-host dns-missing dns-elsewhere certificate-missing
idle-spin app-warning unit-edited drop-in-overrides proxy-header client-forgeable loopback-only port-ignored
`
  .trim()
  .split(/\s+/);

const themes = [
  units,
  filesOfUnits,
  sockets,
  withoutSocket,
  addresses,
  setup,
  readiness,
  claims,
  crashes,
  restarts,
  reload,
  files,
  sandbox,
  hosts,
  namesOfHosts,
];

/** All diagnoses, in this order. */
export const diagnoses: readonly Diagnosis[] = themes
  .flat()
  .toSorted((one, other) => order.indexOf(one.code) - order.indexOf(other.code));
