import { join } from "node:path";
import { execute } from "../../shared/execute.ts";
import { readTextFile } from "../../shared/read-file.ts";
import { valuesOf } from "../../shared/unit-text.ts";
import { foreignError } from "./foreign-units.ts";
import type { InstallPlan } from "./plan.ts";

/** The units of one service, and the system that they are for. */
type UnitsOfService = Pick<InstallPlan, "user" | "root" | "units">;

/** The user IDs for DynamicUser=; see systemd.exec(5). */
const dynamic = { first: 61_184, last: 65_519 };

/**
 * Throws for a service with DynamicUser= if its name is that of an account: systemd would run the service as
 * that account. If there is only a group of that name, the service would not start.
 *
 * @param earlier - the current units of the service
 */
export async function assertAccountNamesFree(
  plan: UnitsOfService,
  earlier: readonly string[],
): Promise<void> {
  if (plan.user) return;
  const accounts = Object.entries(plan.units)
    .filter(([, text]) => valuesOf(text, "DynamicUser").at(-1) === "yes")
    .map(([unit, text]) => valuesOf(text, "User").at(-1) ?? unit.replace(/(?:@.*)?\.[^.]*$/s, ""));
  for (const account of new Set(accounts)) {
    const user = await idOf(plan, "passwd", account);
    // While the service runs, systemd itself resolves its user.
    const isOwn = user !== undefined && user >= dynamic.first && user <= dynamic.last && earlier.length > 0;
    if (isOwn) continue;
    if (user !== undefined)
      throw foreignError(
        `the user ${account} (${user}) exists, and systemd would run the service as that user`,
        `Choose another --name. If the service is meant to run as ${account}: --run-as ${account}`,
      );
    const group = await idOf(plan, "group", account);
    if (group !== undefined)
      throw foreignError(
        `the group ${account} (${group}) exists, and systemd makes no user of that name for the service: it would not start`,
        "Choose another --name.",
      );
  }
}

/** The ID of a user or group, or `undefined`. */
async function idOf(
  { root }: UnitsOfService,
  database: "passwd" | "group",
  name: string,
): Promise<number | undefined> {
  const text = root === "/" ? await ask(database, name) : textOf(join(root, "/etc", database));
  const entries = text.split("\n").map((line) => line.split(":"));
  const id = entries.find(([entry]) => entry === name)?.[2];
  return id === undefined ? undefined : Number(id);
}

async function ask(database: string, name: string): Promise<string> {
  return (await execute("getent", [database, "--", name])).stdout;
}

function textOf(path: string): string {
  try {
    return readTextFile(path);
  } catch {
    // An image without accounts.
    return "";
  }
}
