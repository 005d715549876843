import { existsSync, realpathSync } from "node:fs";
import { basename, dirname } from "node:path";
import { proxyOfFile, serviceOfFile } from "../proxy/find-proxy.ts";
import type { Proxy, ProxyState } from "../proxy/proxy.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { sameCommand } from "../shared/own-command.ts";
import { shellText } from "../shared/shell-words.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import { serves } from "../systemd/unit-state.ts";
import { inFolder, inFolderOf } from "./safe-folder.ts";

/** A site in the configuration of the machine's proxy. */
export interface PlannedSite {
  path: string;
  text: string;
  hosts: readonly string[];
}

/**
 * Throws if the proxy could not serve a site: its configuration is not valid, or it serves a host name
 * already.
 *
 * @returns notes for the user
 */
export async function assertSiteFits(
  name: string,
  { path, hosts }: PlannedSite,
  manager: ServiceManager,
): Promise<string[]> {
  const proxy = proxyOfFile(path, name)!;
  const { served } = await proxy.read(manager);
  const taken = served.find(({ host, file }) => hosts.includes(host) && file !== path);
  if (taken !== undefined) {
    const { host, file } = taken;
    const other = serviceOfFile(file);
    throw new CliError(
      "SOCKACT_ERR_INSTALL_FOREIGN",
      other === undefined
        ? `${file} has a site for ${host} already`
        : `${host} is a host name of the service ${other} already`,
      other === undefined
        ? replaceHint(proxy, file, served, hosts)
        : `Choose another --host, or install ${other} without it first. Nothing was changed.`,
      { exitCode: EXIT.failed },
    );
  }
  const { include } = proxy;
  if (include === undefined || isIncluded(path, name)) return [];
  include.check(linesOf(include.file));
  return [`The line "${include.line}" is added to ${include.file}.`];
}

/**
 * How to replace a site of somebody else's without an interruption: the proxy serves it until its next reload,
 * which is the one of the installation.
 */
function replaceHint(
  { name, unit, config }: Proxy,
  file: string,
  served: ProxyState["served"],
  hosts: readonly string[],
): string {
  const all = served.filter((one) => one.file === file && one.host.includes(".")).map(({ host }) => host);
  const others = [...new Set(all)].filter((host) => !hosts.includes(host));
  const reloads = `Do not reload ${name}: it serves the old site until this installation reloads it.`;
  const end = "Or choose another --host. Nothing was changed.";
  if (others.length > 0)
    return `The file has ${others.join(" and ")} too. If this app serves them, name them as well: ${others.map((host) => `--host ${host}`).join(" ")}\nOtherwise, remove only that site from the file, and run the command again. ${reloads}\n${end}`;
  if (dirname(file) === config)
    return `To replace it, copy the file, remove the site from it, and run the command again. ${reloads}\n${end}`;
  const away = `${config}/${basename(file)}.old`;
  return [
    `To replace it, move the file away, and run the command again. ${reloads}`,
    `sudo mv ${shellText([file, away])} && ${sameCommand()}`,
    `If that fails, go back at once: sudo mv ${shellText([away, file])} && sudo systemctl reload ${unit.replace(/\.service$/, "")}`,
    end,
  ].join("\n");
}

/** Whether the proxy reads a site. */
export function isIncluded(path: string, name: string): boolean {
  const { include } = proxyOfFile(path, name)!;
  return include === undefined || linesOf(include.file).some((one) => isSame(one, include.line));
}

/** Makes the configuration of the proxies include these files, or no longer include them. */
export function includeSites(paths: readonly string[], name: string): void {
  for (const proxy of proxiesOf(paths, name)) setInclude(proxy);
}

/**
 * Makes the proxies of these files apply them. Rejects if a proxy can't.
 *
 * @param paths the files of a service, including those that were removed
 * @returns the units of the proxies
 */
export async function applySites(
  paths: readonly string[],
  name: string,
  manager: ServiceManager,
): Promise<string[]> {
  includeSites(paths, name);
  const proxies = proxiesOf(paths, name);
  for (const proxy of proxies) {
    await proxy.read(manager);
    await proxy.reload(manager);
  }
  return proxies.map(({ unit }) => unit);
}

/** The same for files that were restored or removed. A proxy that does not run reads them when it starts. */
export async function restoreSites(
  paths: readonly string[],
  name: string,
  manager: ServiceManager,
): Promise<void> {
  includeSites(paths, name);
  for (const proxy of proxiesOf(paths, name)) {
    const [unit] = await manager.show([proxy.unit], ["ActiveState"]);
    if (!serves(unit!)) continue;
    await proxy.read(manager);
    await proxy.reload(manager);
  }
}

function proxiesOf(paths: readonly string[], name: string): Proxy[] {
  return [...new Set(paths.flatMap((path) => proxyOfFile(path, name) ?? []))];
}

/**
 * Adds the line that reads the folder of sites, or removes it with the last site. Somebody may edit the file
 * at any time, so only this line changes.
 */
function setInclude({ include, folders: [sites] }: Proxy): void {
  if (include === undefined) return;
  const { line } = include;
  const path = realPath(include.file);
  const hasSites = (inFolder(sites!, (folder) => folder.list()) ?? []).some((file) => !file.startsWith("."));
  inFolderOf(path, (folder, file) => {
    // A killed call may have left it.
    const temporary = ".sockact.new";
    folder.remove(temporary);
    const lines = linesOf(path);
    if (lines.some((one) => isSame(one, line)) === hasSites) return;
    const text = hasSites
      ? `${[...(lines.at(-1) === "" ? lines.slice(0, -1) : lines), line].join("\n")}\n`
      : lines.filter((one) => !isSame(one, line)).join("\n");
    const stats = folder.stat(file)!;
    folder.writeNew(temporary, text, stats.mode & 0o777, stats);
    folder.rename(temporary, file);
    folder.sync();
  });
  if (!hasSites) inFolderOf(sites!, (folder, file) => folder.removeFolder(file));
}

/** Somebody may have changed the spaces or the line ends of the file. */
function isSame(one: string, line: string): boolean {
  return one.trim().split(/\s+/).join(" ") === line;
}

/** The file behind a symlink. Its folder is checked too. */
function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

function linesOf(file: string): string[] {
  const path = realPath(file);
  const content = inFolder(dirname(path), (folder) => folder.read(basename(path)));
  return content?.toString().split("\n") ?? [];
}
