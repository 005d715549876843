import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { CliError } from "../shared/cli-error.ts";
import { ServiceManager } from "../systemd/service-manager.ts";
import { caddy } from "./caddy.ts";
import { nginx } from "./nginx.ts";
import { type Proxy, proxyError, WEB_GROUP } from "./proxy.ts";

const proxies: readonly Proxy[] = [caddy, nginx];

/** The proxy of a file that may be a site of this service. */
export const proxyOfFile = (path: string, name: string): Proxy | undefined =>
  proxies.find(({ folders, file }) => folders.includes(dirname(path)) && basename(path) === file(name));

/** The name of the service whose site this file is, by its path. */
export function serviceOfFile(path: string): string | undefined {
  const [, name] = /^(?:sockact-(.+)\.conf|(.+)\.caddy)$/.exec(basename(path))?.filter(Boolean) ?? [];
  return name !== undefined && proxyOfFile(path, name) !== undefined ? name : undefined;
}

/** A found proxy, and why it is this one, as a clause. */
export interface FoundProxy {
  proxy: Proxy;
  why: string;
}

/**
 * Finds the proxy for the site of a service. Rejects with `SOCKACT_ERR_INSTALL_PROXY` if none runs, and with
 * `SOCKACT_ERR_USAGE` if several do.
 *
 * @param wanted the proxy that the user has named
 */
export async function findProxy(
  manager: ServiceManager,
  name: string,
  wanted: string | undefined,
): Promise<FoundProxy> {
  const units = proxies.map(({ unit }) => unit);
  const shown = await manager.show(units, ["LoadState", "ActiveState"]);
  const isLoaded = (proxy: Proxy) => shown[proxies.indexOf(proxy)]!.LoadState === "loaded";
  const isActive = (proxy: Proxy) =>
    /^(?:active|reloading)$/.test(shown[proxies.indexOf(proxy)]!.ActiveState);
  const candidates = wanted === undefined ? proxies : proxies.filter((proxy) => proxy.name === wanted);
  const active = candidates.filter(isActive);
  if (active.length === 1)
    return { proxy: active[0]!, why: wanted === undefined ? `${active[0]!.unit} runs` : `--proxy ${wanted}` };
  if (active.length > 1) {
    const earlier = active.filter(({ folders, file }) =>
      folders.some((path) => existsSync(join(path, file(name)))),
    );
    if (earlier.length === 1) return { proxy: earlier[0]!, why: "it has the site already" };
    throw new CliError(
      "SOCKACT_ERR_USAGE",
      `${active.map(({ unit }) => unit).join(" and ")} run, and only one of them can have the site`,
      `Choose the one that clients connect to: --proxy ${active.map((proxy) => proxy.name).join(", or --proxy ")}`,
    );
  }
  const [loaded] = candidates.filter(isLoaded);
  if (loaded !== undefined)
    throw proxyError(`${loaded.unit} does not run`, `Start it: sudo systemctl enable --now ${loaded.unit}`);
  throw proxyError(
    wanted === undefined
      ? "a host name needs Caddy or nginx on this machine, and neither is installed"
      : `${wanted} is not installed`,
    `Install it: sudo apt install ${wanted ?? "caddy"}`,
  );
}

/**
 * The group of the sockets of a service with host names. Where no proxy runs, as on a development machine, it
 * is the group of web servers on Debian.
 */
export async function groupForHosts(name: string, wanted?: string): Promise<string> {
  const manager = new ServiceManager();
  try {
    const { proxy } = await findProxy(manager, name, wanted);
    return await proxy.group(manager);
  } catch (error) {
    if (error instanceof CliError) return WEB_GROUP;
    throw error;
  }
}
