import type { UnitProperties } from "./properties.ts";

/** A directive that blocks outgoing connections. */
export interface NetworkCut {
  line: string;
  /** The line that undoes it. */
  undo: string;
  /** The codes of the errors that it causes. */
  codes: RegExp;
}

/** The directives that block the app's own connections. */
export function networkCuts(service: UnitProperties): NetworkCut[] {
  const cuts: NetworkCut[] = [];
  if (service.get("PrivateNetwork") === "yes")
    cuts.push({
      line: "PrivateNetwork=yes",
      undo: "PrivateNetwork=no",
      // The namespace has a separate loopback device, on which no service of the host listens.
      codes: /^(?:ENETUNREACH|EHOSTUNREACH|EAI_AGAIN|ENOTFOUND|ECONNREFUSED|EADDRNOTAVAIL)$/,
    });
  const denied = service.get("IPAddressDeny");
  if (denied !== "")
    cuts.push({
      line: `IPAddressDeny=${denied}`,
      undo: "IPAddressDeny=",
      codes: /^(?:EPERM|EACCES|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED)$/,
    });
  return cuts;
}
