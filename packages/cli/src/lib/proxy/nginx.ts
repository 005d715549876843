import { existsSync, readdirSync, readFileSync } from "node:fs";
import { X509Certificate } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { execute } from "../shared/execute.ts";
import { read as readProc } from "../shared/proc.ts";
import { groupOfProcess } from "./group.ts";
import {
  ANSWER_LIMIT,
  brokenError,
  type Proxy,
  proxyError,
  type ProxyState,
  type Site,
  type SiteText,
  UNAVAILABLE,
  versionIn,
} from "./proxy.ts";

const CONFIG = "/etc/nginx";
const FOLDERS = [`${CONFIG}/conf.d`, `${CONFIG}/sites-enabled`] as const;
const UNIT = "nginx.service";
const CERTIFICATES = "/etc/letsencrypt/live";

/** The version that has the directive `http2`. Earlier ones have it in `listen`. */
const HTTP2_DIRECTIVE = 1_25_01;

/** How long new workers take at most, in milliseconds. */
const RELOAD_LIMIT = 10_000;

/** nginx, with the certificates of certbot. Its site is a file in a folder that nginx reads already. */
export const nginx: Proxy = {
  name: "nginx",
  unit: UNIT,
  config: CONFIG,
  folders: FOLDERS,
  file: (name) => `sockact-${name}.conf`,

  async group(manager) {
    const [{ MainPID = "" } = {}] = await manager.show([UNIT], ["MainPID"]);
    return groupOfProcess(workersOf(MainPID)[0]!, `sudo systemctl restart ${UNIT}`);
  },

  async read({ signal }) {
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

  site: siteText,

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
    value.split(/\s+/).map((name) => name.replaceAll(/["']/g, "").toLowerCase()),
  );
}

function workersOf(pid: string): string[] {
  return readProc(`/proc/${pid}/task/${pid}/children`).trim().split(/\s+/);
}

/** Whether a worker still accepts connections. */
function accepts(pid: string): boolean {
  return /^nginx: worker process *\0*$/.test(readProc(`/proc/${pid}/cmdline`));
}

function siteText({ name, hosts, socket }: Site, { version }: ProxyState): SiteText {
  // Two services must not have the same variable.
  const variable = `$sockact_${name.replaceAll(/[^a-zA-Z0-9]/g, (one) => `_${one.charCodeAt(0).toString(16)}_`)}`;
  const plain = hosts.filter((host) => certificateOf(host) === undefined);
  const folders = new Set(hosts.map(certificateOf).filter((folder) => folder !== undefined));
  const secured = [...folders].map((folder) => ({
    folder,
    names: hosts.filter((host) => certificateOf(host) === folder),
  }));
  const listen = (port: number, more = "") => {
    const addresses = existsSync("/proc/net/if_inet6") ? [port, `[::]:${port}`] : [port];
    return addresses.map((address) => `  listen ${address}${more};`).join("\n");
  };
  const hasHttp2 = version >= HTTP2_DIRECTIVE;
  const app = `
  # A request for another host is not for this app, even if nginx has no other site.
  if (${variable}_unknown) {
    return 444;
  }
  # The app limits the body.
  client_max_body_size 0;
  location / {
    proxy_pass http://unix:${socket};
    proxy_http_version 1.1;
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Host $host;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Real-IP $remote_addr;
    proxy_set_header Forwarded "";
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection ${variable}_connection;
    proxy_buffering off;
    proxy_request_buffering off;
    proxy_read_timeout ${ANSWER_LIMIT}s;
  }
  # The app does not start, or has crashed. sockact doctor says why.
  error_page 502 504 =503 @sockact_unavailable;
  location @sockact_unavailable {
    default_type text/plain;
    return 503 "${UNAVAILABLE}\\n";
  }
}
`;
  const maps = `map $host ${variable}_unknown {
  default 1;
${hosts.map((host) => `  ${host} 0;`).join("\n")}
}
map $http_upgrade ${variable}_connection {
  default upgrade;
  "" close;
}
`;
  const http = plain.length === 0 ? "" : `server {\n${listen(80)}\n  server_name ${plain.join(" ")};\n${app}`;
  const https = secured.map(
    ({ folder, names }) => `server {
${listen(80)}
  server_name ${names.join(" ")};
  if (${variable}_unknown) {
    return 444;
  }
  return 308 https://$host$request_uri;
}
server {
${listen(443, hasHttp2 ? " ssl" : " ssl http2")}
${hasHttp2 ? "  http2 on;\n" : ""}  server_name ${names.join(" ")};
  ssl_certificate ${folder}/fullchain.pem;
  ssl_certificate_key ${folder}/privkey.pem;
${app}`,
  );
  const notes =
    plain.length === 0
      ? []
      : [
          `${plain.join(" and ")}: http only, because ${CERTIFICATES} has no certificate for it. To get one: sudo certbot certonly --nginx ${plain.map((host) => `-d ${host}`).join(" ")}, and then run this command again.`,
        ];
  return { text: [maps, http, ...https].filter((part) => part !== "").join(""), notes };
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
