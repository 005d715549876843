import { UNAVAILABLE } from "@sockact/shared/unavailable";
import { ANSWER_LIMIT, type ProxyState, type Site, type SiteText } from "./proxy.ts";

/** The folder of certbot with a folder for each certificate. */
export const CERTIFICATES = "/etc/letsencrypt/live";

/** The version that has the directive `http2`. Earlier ones have it in `listen`. */
const HTTP2_DIRECTIVE = 1_25_01;

/** The longest host name that fits into nginx's hash table with its default size. */
const LONGEST_NAME = 46;

/** A host name as nginx writes it. Only a regular expression needs no hash table. */
const hostWord = (host: string): string =>
  host.length > LONGEST_NAME ? `~^${host.replaceAll(".", String.raw`\.`)}$` : host;

export const fileOf = (name: string): string => `sockact-${name}.conf`;

/** The facts about the machine that decide what a site of nginx has. */
interface Machine extends Pick<ProxyState, "version"> {
  hasIpv6: boolean;
  /** The folder with a certificate for a host name, if there is one. */
  certificateOf: (host: string) => string | undefined;
}

/** A site of nginx. The unit builder of the documentation calls it too, so it uses nothing of Node. */
export function nginxSite({ hosts, socket }: Site, { version, hasIpv6, certificateOf }: Machine): SiteText {
  const plain = hosts.filter((host) => certificateOf(host) === undefined);
  const folders = new Set(hosts.map(certificateOf).filter((folder) => folder !== undefined));
  const secured = [...folders].map((folder) => ({
    folder,
    names: hosts.filter((host) => certificateOf(host) === folder),
  }));
  const listen = (port: number, more = "") => {
    const addresses = hasIpv6 ? [port, `[::]:${port}`] : [port];
    return addresses.map((address) => `  listen ${address}${more};`).join("\n");
  };
  const hasHttp2 = version >= HTTP2_DIRECTIVE;
  // Without a Host header, as over HTTP/1.0, $host is the name of the first site.
  const refuse = `  # A request for another host, or for none, is not for this app, even if nginx has no other site.
  set $sockact_host no;
${hosts.map((host) => `  if ($host = ${host}) {\n    set $sockact_host yes;\n  }`).join("\n")}
  if ($http_host = "") {
    set $sockact_host no;
  }
  if ($sockact_host = no) {
    return 444;
  }`;
  const app = `
${refuse}
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
    proxy_set_header Connection $sockact_connection;
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
  // Each site has this map, and nginx takes the last one.
  const map = `# HTTP/2 has no upgrades.
map "$server_protocol $http_upgrade" $sockact_connection {
  default close;
  "~^HTTP/1.1 ." upgrade;
}
`;
  const http =
    plain.length === 0
      ? ""
      : `server {
${listen(80)}
  server_name ${plain.map(hostWord).join(" ")};
${app}`;
  const https = secured.map(
    ({ folder, names }) => `server {
${listen(80)}
  server_name ${names.map(hostWord).join(" ")};
${refuse}
  return 308 https://$host$request_uri;
}
server {
${listen(443, hasHttp2 ? " ssl" : " ssl http2")}
${hasHttp2 ? "  http2 on;\n" : ""}  server_name ${names.map(hostWord).join(" ")};
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
  return { text: [map, http, ...https].filter((part) => part !== "").join(""), notes };
}
