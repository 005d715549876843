import type { AppDescription } from "@sockact/units";
import { withHosts } from "../../../../../packages/cli/src/lib/config/with-hosts.ts";
import {
  caddySite,
  fileOf as caddyFile,
  FOLDER,
  INCLUDE,
} from "../../../../../packages/cli/src/lib/proxy/caddy-site.ts";
import { hostNames } from "../../../../../packages/cli/src/lib/proxy/host-names.ts";
import { fileOf as nginxFile, nginxSite } from "../../../../../packages/cli/src/lib/proxy/nginx-site.ts";
import { WEB_GROUP } from "../../../../../packages/cli/src/lib/proxy/proxy.ts";
import { CliError } from "../../../../../packages/cli/src/lib/shared/cli-error.ts";
import type { BuilderState } from "./state.ts";
import { quoteWord } from "./words.ts";

const namesIn = (hosts: string): string[] => hosts.split(/[\s,]+/).filter((name) => name !== "");

/** The names in the field “Host names”, as browsers send them, or as typed if one is wrong. */
export function hostsOf({ hosts }: Pick<BuilderState, "hosts">): string[] {
  const typed = namesIn(hosts);
  return errorOfHosts({ hosts }) === undefined ? hostNames(typed, "the field") : typed;
}

/** What is wrong with the host names. */
export function errorOfHosts({ hosts }: Pick<BuilderState, "hosts">): CliError | undefined {
  try {
    hostNames(namesIn(hosts), "the field");
    return undefined;
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
}

/** Behind a proxy, the app has one socket, which is not in the form. */
export function withSocketOfProxy(state: BuilderState): BuilderState {
  if (state.bind !== "host") return state;
  // Another problem says so if the name is not that of a unit.
  const name = state.app.trim().replaceAll(/[^\w.-]/g, "-");
  return { ...state, sockets: [{ listen: `/run/${name}.sock`, name: "", tls: false }] };
}

/**
 * The description of the units that `sockact install` writes for host names. If a name is wrong, another
 * problem says so, and the description stays as it is.
 */
export function forProxy(description: AppDescription): AppDescription {
  try {
    return withHosts(description, WEB_GROUP, "hosts");
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return description;
  }
}

/** The site of a proxy, for those who install by hand. */
export interface BuiltSite {
  readonly proxy: "Caddy" | "nginx";
  readonly file: string;
  readonly text: string;
  readonly commands: string;
}

/** The sites for both proxies. They suit every version, and nginx has no certificate yet. */
export function sitesOf({ name, hosts, sockets }: AppDescription): BuiltSite[] {
  const listen = sockets[0]?.listen;
  if (hosts === undefined || typeof listen !== "string") return [];
  const site = { hosts, socket: listen };
  const machine = { version: 0, hasIpv6: true, certificateOf: () => undefined };
  const [caddy, nginx] = [caddyFile(name), nginxFile(name)];
  const lines = (...all: string[]) => all.map((line) => `${line}\n`).join("");
  return [
    {
      proxy: "Caddy",
      file: caddy,
      text: caddySite(site, machine).text,
      commands: lines(
        `sudo install -D -m 644 -t ${FOLDER} ${quoteWord(caddy)}`,
        `grep -qF ${quoteWord(INCLUDE)} /etc/caddy/Caddyfile || echo ${quoteWord(INCLUDE)} | sudo tee -a /etc/caddy/Caddyfile`,
        "sudo systemctl reload caddy",
      ),
    },
    {
      proxy: "nginx",
      file: nginx,
      text: nginxSite(site, machine).text,
      commands: lines(
        `sudo install -m 644 ${quoteWord(nginx)} /etc/nginx/conf.d/`,
        "sudo nginx -t",
        "sudo systemctl reload nginx",
      ),
    },
  ];
}
