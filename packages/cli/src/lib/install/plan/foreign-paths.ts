import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { liesIn } from "../../shared/folders.ts";
import { ownCommand } from "../../shared/own-command.ts";
import { findUser } from "../../shared/users.ts";
import { readListen } from "../../systemd/listen-property.ts";
import type { ServiceManager } from "../../systemd/service-manager.ts";
import { keptFolders } from "../kept-folders.ts";
import { foldersOf, hasListener, type ServiceFolder, socketPathsOf } from "../service-paths.ts";
import { foldersOfOthers, userOf } from "./folders-of-others.ts";
import { foreignError } from "./foreign-units.ts";
import { earlierTexts, type InstallPlan, type PreparedInstall, socketsOf } from "./plan.ts";

/**
 * Throws if unix socket paths or folders of the service already exist for another purpose. systemd would
 * remove such a socket, and change the owner of such a folder.
 *
 * @param earlier - the current unit contents of the service
 * @param manager - undefined below a root folder
 * @param force - whether the service may use the data of another service
 * @returns the folders with data that the service gets: those from its last uninstallation, and with `force`
 *   those of other services
 */
export async function assertPathsFree(
  plan: InstallPlan,
  earlier: readonly string[],
  manager: ServiceManager | undefined,
  force: boolean,
): Promise<string[]> {
  await assertSocketPathsFree(plan, earlier, manager);
  // A service of a user's manager runs as the user, who owns these folders.
  return plan.user ? [] : assertFoldersFree(plan, earlier, manager, force);
}

async function assertSocketPathsFree(
  plan: InstallPlan,
  earlier: readonly string[],
  manager: ServiceManager | undefined,
): Promise<void> {
  const paths = socketPathsOf(plan, Object.values(plan.units));
  const existing = paths.filter((path) => lstat(join(plan.root, path)) !== undefined);
  if (existing.length === 0) return;
  const written = socketPathsOf(plan, earlier);
  const open = manager === undefined ? [] : await listeningPaths(plan, manager);
  for (const path of existing) {
    const isSocket = lstat(join(plan.root, path))?.isSocket() === true;
    if (isSocket && open.includes(path)) continue;
    if (isSocket && written.includes(path) && !hasListener(path)) continue;
    const what = isSocket ? "the socket of another program" : "not a socket of this service";
    throw foreignError(
      `${path} exists, and is ${what}: systemd would remove it, and listen there`,
      isSocket && !hasListener(path)
        ? `If no program uses it any more, remove it: sudo rm ${path}. Or choose another --listen.`
        : "Choose another --listen.",
    );
  }
}

/** The socket paths of this service. */
async function listeningPaths(plan: InstallPlan, manager: ServiceManager): Promise<string[]> {
  const units = [...new Set([`${plan.name}.socket`, ...socketsOf(plan)])];
  const shown = await manager.show(units, ["Id", "ActiveState", "Listen"]);
  return shown
    .filter(({ ActiveState }) => ActiveState === "active")
    .flatMap(({ Listen }) => readListen(Listen))
    .map(({ address }) => address);
}

async function assertFoldersFree(
  plan: InstallPlan,
  earlier: readonly string[],
  manager: ServiceManager | undefined,
  force: boolean,
): Promise<string[]> {
  const own = new Set(foldersOf(plan, earlier).map(({ path }) => path));
  const kept = keptFolders(plan, plan.name, plan.author).map((folder) => folder.path);
  const taken: string[] = [];
  for (const folder of foldersOf(plan, Object.values(plan.units))) {
    const { path, privatePath, user } = folder;
    if (liesIn(join(plan.root, "/var/lib/sockact"), path))
      throw foreignError(`${path} is the folder in which sockact records its installations`, otherName());
    const stats = lstat(path);
    const isPrivate = stats === undefined || leadsTo(path, stats, privatePath);
    if (own.has(path) || (isPrivate && lstat(privatePath) === undefined)) continue;
    if (user !== undefined && manager !== undefined && (await ownerOf(user)) === stats?.uid) continue;
    if (!isPrivate)
      throw foreignError(
        `${path} exists already, and systemd would give it to the service`,
        `${otherName()}\n${adoption(folder, user)}`,
      );
    const other = userOf(path, await foldersOfOthers(plan, Object.keys(plan.units), manager));
    if (!force && (other !== undefined || !kept.includes(path)))
      throw foreignError(
        `${path} exists already, with ${other === undefined ? "the data of a service" : `data of ${other}`}, and systemd would give it to this service`,
        `${otherName()}\nIf this service is meant to have it, add --force.`,
      );
    taken.push(path);
  }
  return taken;
}

/**
 * Throws if two services of one call have the same folder and different users. Otherwise the second would
 * fail after the first is installed.
 */
export function assertSeparateFolders(all: readonly PreparedInstall[]): void {
  const taken = new Map<string, { unit: string; user: string | undefined }>();
  for (const prepared of all.filter(({ plan, force }) => !plan.user && !force)) {
    const { plan } = prepared;
    const own = foldersOf(plan, earlierTexts(prepared)).map(({ path }) => path);
    const folders = Object.entries(plan.units).flatMap(([unit, text]) =>
      foldersOf(plan, [text]).map(({ path, user }) => ({ path, unit, user })),
    );
    for (const { path, unit, user } of folders) {
      const other = taken.get(path);
      if (other === undefined || own.includes(path) || (user !== undefined && user === other.user)) continue;
      throw foreignError(
        `${other.unit} and ${unit} have the same folder, ${path}, and different users: systemd would give it to the user of the service that starts last`,
        "Name separate folders in the config, by stateDirectory and similar fields, or let both services run as the same user. If they are meant to share the folder as it is, add --force.",
      );
    }
    for (const { path, unit, user } of folders) taken.set(path, { unit, user });
  }
}

const otherName = (): string =>
  `Choose another --name. Or name another folder by stateDirectory in a config: ${ownCommand("init")} writes one.`;

/** The hint for a folder that belongs to this service. */
function adoption({ path, privatePath }: ServiceFolder, user: string | undefined): string {
  const move = `sudo install -d -m 700 ${dirname(privatePath)} && sudo mv ${path} ${privatePath}`;
  return user === undefined
    ? `If it is the data of this service, add --force after this: ${move}`
    : `If it is the data of this service: sudo chown -R ${user} ${path}`;
}

/** Whether systemd created the folder for a service with DynamicUser=. */
function leadsTo(path: string, stats: Stats, privatePath: string): boolean {
  return stats.isSymbolicLink() && resolve(dirname(path), readlinkSync(path)) === privatePath;
}

async function ownerOf(user: string): Promise<number | undefined> {
  const found = await findUser(user).catch(() => undefined);
  return found?.uid;
}

function lstat(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    // Without root, the folder may be unreadable.
    return undefined;
  }
}
