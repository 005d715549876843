import { type PrivateSystemd, SANDBOX } from "@sockact/testkit";

/** The calls to make, one list after the other. The calls in one list are made at once. */
export type Calls = [name: string, ...args: unknown[]][][];

/** A service that runs test/programs/tell.mjs. */
export function tellService(
  systemd: PrivateSystemd,
  { calls = [], onUsr1 = [], lines = [] }: { calls?: Calls; onUsr1?: Calls; lines?: string[] },
): string {
  return `[Service]
Type=notify
ExecStart=${systemd.node} ${systemd.project}/packages/notify/test/programs/tell.mjs
Environment='CALLS=${JSON.stringify(calls)}'
Environment='ON_USR1=${JSON.stringify(onUsr1)}'
${lines.join("\n")}
`;
}

export const OPEN_FILE = "OpenFile=/run/systemd/notify:notify";

export interface Told {
  name: string;
  outcome: unknown;
  milliseconds: number;
}

/** The results of the calls so far: `[["ready", true]]`. */
export async function outcomes(systemd: PrivateSystemd, unit: string): Promise<[string, unknown][]> {
  const messages = await systemd.journal(unit, "service");
  return messages
    .filter((message) => message.startsWith('{"event":"told"'))
    .map((message) => JSON.parse(message) as Told)
    .map(({ name, outcome }) => [name, outcome]);
}

/** The tightest sandbox, which accepts messages of the main process only. */
export const SANDBOXED = ["NotifyAccess=main", ...SANDBOX.split("\n")];
