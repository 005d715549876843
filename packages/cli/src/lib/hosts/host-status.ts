import type { HostCertificate } from "../proxy/certificate.ts";
import type { ServiceState } from "../systemd/unit-state.ts";

/** A host name in `sockact hosts --json`. Unknown values are null. */
export interface HostStatus {
  host: string;
  /** The name of the service. */
  name: string;
  /** As in `sockact status`. */
  state: ServiceState;
  drained: boolean;
  proxy: "caddy" | "nginx";
  /** The file of the site. */
  file: string;
  certificate: HostCertificate;
  /** The connections of the proxy to the app: each one is a visitor that the app answers now. */
  connections: number | null;
  /** Since when the app runs. */
  awakeSince: string | null;
  /**
   * When the last visitor left, for an app that sleeps: its `idleTimeout` before its end. An app that was
   * stopped may have had its last visitor up to an `idleTimeout` later.
   */
  lastVisit: string | null;
}
