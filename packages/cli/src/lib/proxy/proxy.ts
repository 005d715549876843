import { CliError, EXIT } from "../shared/cli-error.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";

/** A site of a service. */
export interface Site {
  /** The host names, as in a certificate. */
  hosts: readonly string[];
  /** The path of the unix socket. */
  socket: string;
}

/** A host name that the configuration of a proxy has a site for. */
interface ServedHost {
  host: string;
  /** The file with the site, as far as it is known. */
  file: string;
}

/** The configuration of a proxy, which is valid. */
export interface ProxyState {
  /** The folder in which the proxy reads the sites of sockact. */
  folder: string;
  served: readonly ServedHost[];
  /** The version of the proxy: 20602 for 2.6.2. */
  version: number;
}

/** The content of a site's file, and what the user should know about it, in sentences. */
export interface SiteText {
  text: string;
  notes: string[];
}

/** A reverse proxy that runs as a service of this machine. */
export interface Proxy {
  readonly name: "caddy" | "nginx";
  readonly unit: string;
  /** The folder of its configuration. */
  readonly config: string;
  /** The folders in which a site may be, and the name of its file. */
  readonly folders: readonly string[];
  file(name: string): string;
  /** The line that a file of the proxy has as long as the first folder has a site. */
  readonly include?: {
    readonly file: string;
    readonly line: string;
    /** Throws if a line can't be added to these. */
    check(lines: readonly string[]): void;
  };
  /** The group of a socket that the running proxy can connect to. */
  group(manager: ServiceManager): Promise<string>;
  /**
   * Reads the configuration. Rejects with `SOCKACT_ERR_INSTALL_PROXY` if the proxy's own check finds it
   * invalid.
   */
  read(manager: ServiceManager): Promise<ProxyState>;
  site(site: Site, state: ProxyState): SiteText;
  /** Those host names of a site that have HTTPS, by the content of its file. */
  secured(text: string, hosts: readonly string[]): readonly string[];
  /** Applies the configuration, and waits for that. Rejects if the proxy keeps the old one. */
  reload(manager: ServiceManager): Promise<void>;
}

/** The group of web servers on Debian. Programs such as PHP have it too. */
export const WEB_GROUP = "www-data";

/** How long a site waits for the begin of an answer, in seconds. */
export const ANSWER_LIMIT = 60;

/** How long the check of a configuration may take, in seconds. */
export const CHECK_LIMIT = 60;

/**
 * The signal that ends the check of a configuration if it hangs, as for a name that no DNS server answers.
 *
 * @param check the command with which the user sees where it hangs
 */
export function checkSignal(name: string, check: string, { signal }: ServiceManager): AbortSignal {
  const over = new AbortController();
  const message = `${name} has not checked its configuration for ${CHECK_LIMIT} s`;
  const end = () => over.abort(proxyError(message, `See where it hangs: ${check}`));
  setTimeout(end, CHECK_LIMIT * 1000).unref();
  return AbortSignal.any([over.signal, ...(signal ? [signal] : [])]);
}

export function proxyError(message: string, hint: string, cause?: unknown): CliError {
  return new CliError("SOCKACT_ERR_INSTALL_PROXY", message, hint, { exitCode: EXIT.failed, cause });
}

/** The error of a configuration that the proxy itself can't use. */
export function brokenError(name: string, said: string, check: string): CliError {
  return proxyError(
    `the configuration of ${name} is not valid: ${said}`,
    `sockact changes nothing of it. Correct it until this succeeds: ${check}`,
  );
}

/** The version in what a proxy prints. 0 if there is none. */
export function versionIn(printed: string): number {
  const [, major, minor, patch] = /(\d+)\.(\d+)\.(\d+)/.exec(printed) ?? [];
  return Number(major ?? 0) * 10_000 + Number(minor ?? 0) * 100 + Number(patch ?? 0);
}
