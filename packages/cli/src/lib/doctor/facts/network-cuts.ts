import type { UnitProperties } from "./properties.ts";

/** A directive that lets no connection out. */
export interface NetworkCut {
  line: string;
  /** The line that takes it back. */
  undo: string;
  /** The codes of the errors that it causes. */
  codes: RegExp;
}

/** What keeps the app's own connections inside of the sandbox. */
export function networkCuts(service: UnitProperties): NetworkCut[] {
  const cuts: NetworkCut[] = [];
  if (service.get("PrivateNetwork") === "yes")
    cuts.push({
      line: "PrivateNetwork=yes",
      undo: "PrivateNetwork=no",
      // Its loopback device is one of its own, so that nothing of the host listens there.
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
