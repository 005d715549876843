import type { UnitProblem } from "../../problems.ts";
import { knowsDirective, nameOf, sinceOf } from "../../systemd/versions.ts";
import type { Directive } from "./fields.ts";

/** Hints for lines that are too new, if removing them is not enough. */
const instead: Readonly<Record<string, string>> = {
  OpenFile: "write openFile: false with notifyAccess: 'all', and notify with systemd-notify(1)",
  "Type=notify-reload":
    "write type: 'notify', and execReload: [['/bin/kill', '-HUP', { variable: 'MAINPID' }]]",
  "Type=exec": "write type: 'simple'",
  "SocketProtocol=mptcp": "leave it out: the socket is TCP",
  "FileDescriptorStorePreserve=on-success": "write 'yes', or leave it out",
  ImportCredential: "name each credential in LoadCredential=",
  RestartSteps: "leave it out: each restart then waits for restartSec",
  RestartMaxDelaySec: "leave it out: each restart then waits for restartSec",
  "StandardOutput=truncate:": "write 'file:' with the path",
  "StandardError=truncate:": "write 'file:' with the path",
};

/** Reports a line that is too new for the systemd of the description. */
export function reportNewer(
  systemd: number | undefined,
  key: string,
  values: readonly string[],
  path: string,
  problems: UnitProblem[],
): void {
  const value = values.find((text) => !knowsDirective(systemd, key, text));
  if (value === undefined) return;
  const name = nameOf(key, value);
  problems.push({
    code: "SOCKACT_ERR_UNIT_VERSION",
    path,
    message: `${name}${name.includes("=") ? "" : "="} needs systemd ${sinceOf(name)}, and this description is for systemd ${systemd}`,
    hint: instead[name] ?? "leave it out",
  });
}

/** Reports the fields that are too new. */
export function reportNewerFields<Field extends string>(
  systemd: number | undefined,
  table: Record<Field, Directive>,
  asked: Record<Field, readonly string[]>,
  path: (field: string) => string,
  problems: UnitProblem[],
): void {
  for (const field of Object.keys(table) as Field[]) {
    if (asked[field].length > 0) reportNewer(systemd, table[field].key, asked[field], path(field), problems);
  }
}
