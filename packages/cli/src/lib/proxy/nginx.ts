import { X509Certificate } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { execute } from "../shared/execute.ts";
import { read as readProc } from "../shared/proc.ts";
import { groupOfProcess } from "./group.ts";
import { CERTIFICATES, fileOf, nginxSite } from "./nginx-site.ts";
import { brokenError, checkSignal, type Proxy, proxyError, versionIn } from "./proxy.ts";

const CONFIG = "/etc/nginx";
const FOLDERS = [`${CONFIG}/conf.d`, `${CONFIG}/sites-enabled`] as const;
const UNIT = "nginx.service";

/** How long new workers take at most, in milliseconds. */
const RELOAD_LIMIT = 10_000;

/** nginx, with the certificates of certbot. Its site is a file in a folder that nginx reads already. */
export const nginx: Proxy = {
  name: "nginx",
  unit: UNIT,
  config: CONFIG,
  folders: FOLDERS,
  file: fileOf,

  async group(manager) {
    const [{ MainPID = "" } = {}] = await manager.show([UNIT], ["MainPID"]);
    return groupOfProcess(workersOf(MainPID)[0]!, `sudo systemctl restart ${UNIT}`);
  },

  async read(manager) {
    const signal = checkSignal("nginx", "sudo nginx -t", manager);
    const { code, stdout, stderr } = await execute("nginx", ["-T"], { signal });
    if (code !== 0) {
      const said = /\[emerg\] (.*)$/m.exec(stderr)?.[1] ?? stderr.trim();
      throw brokenError("nginx", said, "sudo nginx -t");
    }
    const files = filesIn(stdout);
    const all = files.map(({ text }) => text).join("\n");
    const folder = FOLDERS.find((path) => includesFolder(all, path));
    if (folder === undefined)
      throw proxyError(
        `nginx reads no files in ${FOLDERS.join(" or ")}`,
        `Write this line into the http block of /etc/nginx/nginx.conf: include ${FOLDERS[0]}/*.conf;`,
      );
    const { stderr: built } = await execute("nginx", ["-v"], { signal });
    return {
      folder,
      served: files.flatMap(({ path, text }) => namesIn(text).map((host) => ({ host, file: path }))),
      version: versionIn(built),
    };
  },

  site: (site, { version }) =>
    nginxSite(site, { version, hasIpv6: existsSync("/proc/net/if_inet6"), certificateOf }),

  secured(text, hosts) {
    const servers = text.split(/^server\s*\{/m).filter((server) => /\blisten\s[^;]*\bssl\b/.test(server));
    const names = servers.flatMap(namesIn);
    return hosts.filter((host) => names.includes(host));
  },

  async reload(manager) {
    const [{ MainPID = "" } = {}] = await manager.show([UNIT], ["MainPID"]);
    const before = workersOf(MainPID);
    const { code, stderr } = await manager.run("reload", UNIT);
    const hint = `See why: journalctl --unit=${UNIT} --lines=20; tail /var/log/nginx/error.log`;
    if (code !== 0) throw proxyError(`nginx has not loaded its new configuration: ${stderr.trim()}`, hint);
    // The reload is a signal. Without new workers, nginx keeps the old configuration. With them, the earlier
    // ones accept connections for 100 ms more.
    const deadline = Date.now() + RELOAD_LIMIT;
    const isDone = () =>
      workersOf(MainPID).some((pid) => !before.includes(pid)) && !before.some((pid) => accepts(pid));
    while (!isDone()) {
      if (Date.now() > deadline) throw proxyError("nginx keeps its old configuration", hint);
      await delay(20);
    }
  },
};

/** The files of `nginx -T`, without comments. */
function filesIn(dump: string): { path: string; text: string }[] {
  const [, ...parts] = dump.split(/^# configuration file (.*):$/m);
  return parts.flatMap((path, index) =>
    index % 2 === 0 ? [{ path, text: (parts[index + 1] ?? "").replaceAll(/(?<=^|[\s;{}])#.*$/gm, "") }] : [],
  );
}

function includesFolder(text: string, folder: string): boolean {
  const name = folder.slice("/etc/nginx/".length);
  return new RegExp(`(?<![^\\s;{}])include\\s+["']?(?:/etc/nginx/)?${name}/\\*(?:\\.conf)?["']?\\s*;`).test(
    text,
  );
}

function namesIn(text: string): string[] {
  const names = [...text.matchAll(/(?<![^\s;{}])server_name\s+([^;]*);/g)];
  return names.flatMap(([, value = ""]) =>
    value.split(/\s+/).map((name) => name.replaceAll(/["']|^~\^|\\(?=\.)|\$$/g, "").toLowerCase()),
  );
}

function workersOf(pid: string): string[] {
  return readProc(`/proc/${pid}/task/${pid}/children`).trim().split(/\s+/);
}

/** Whether a worker still accepts connections. */
function accepts(pid: string): boolean {
  return /^nginx: worker process *\0*$/.test(readProc(`/proc/${pid}/cmdline`));
}

/** The folder with a certificate of certbot for this host name. */
function certificateOf(host: string): string | undefined {
  if (!existsSync(CERTIFICATES)) return undefined;
  const names = readdirSync(CERTIFICATES).toSorted((one) => (one === host ? -1 : 0));
  const isFor = (folder: string): boolean => {
    try {
      return new X509Certificate(readFileSync(`${folder}/fullchain.pem`)).checkHost(host) !== undefined;
    } catch {
      return false;
    }
  };
  return names.map((name) => `${CERTIFICATES}/${name}`).find((folder) => isFor(folder));
}
