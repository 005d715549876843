import { basename, dirname } from "node:path";
import process from "node:process";
import { proxyOfFile, serviceOfFile } from "../proxy/find-proxy.ts";
import type { Proxy } from "../proxy/proxy.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
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
        ? `Remove that site, or choose another --host. Nothing was changed.`
        : `Choose another --host, or install ${other} without it first. Nothing was changed.`,
      { exitCode: EXIT.failed },
    );
  }
  const { include } = proxy;
  return include === undefined || isIncluded(path, name)
    ? []
    : [`The line "${include.line}" is added to ${include.file}.`];
}

/** Whether the proxy reads a site. */
export function isIncluded(path: string, name: string): boolean {
  const { include } = proxyOfFile(path, name)!;
  return include === undefined || linesOf(include.file).some((one) => isSame(one, include.line));
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
  const proxies = proxiesOf(paths, name);
  for (const proxy of proxies) {
    setInclude(proxy);
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
  for (const proxy of proxiesOf(paths, name)) {
    setInclude(proxy);
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
  const { file: path, line } = include;
  const hasSites = (inFolder(sites!, (folder) => folder.list()) ?? []).some((file) => !file.startsWith("."));
  inFolderOf(path, (folder, file) => {
    const lines = linesOf(path);
    if (lines.some((one) => isSame(one, line)) === hasSites) return;
    const text = hasSites
      ? `${[...(lines.at(-1) === "" ? lines.slice(0, -1) : lines), line].join("\n")}\n`
      : lines.filter((one) => !isSame(one, line)).join("\n");
    const stats = folder.stat(file)!;
    const temporary = `.sockact-${process.pid}.new`;
    folder.remove(temporary);
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

function linesOf(path: string): string[] {
  const content = inFolder(dirname(path), (folder) => folder.read(basename(path)));
  return content?.toString().split("\n") ?? [];
}
