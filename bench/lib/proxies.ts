import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freeAddress } from "../../packages/testing/src/addresses.ts";
import { type AppProcess, startProcess } from "../../packages/testing/src/app-process.ts";
import { findProgram } from "./find-program.ts";
import type { LoadedArm } from "./loaded-arms.ts";
import { type Source, spawnActivated, spawnPlain, untilAnswered } from "./loaded-servers.ts";
import { pinned } from "./pinned.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A program that passes requests on to an app. */
interface Proxy {
  name: string;
  packageName?: string | undefined;
  /**
   * @param address where it listens
   * @param folder where it may write its files
   * @param app the unix socket of the app
   */
  spawn(path: string, address: string, folder: string, app: string): AppProcess;
}

/**
 * Each has one thread, logs nothing, and keeps its connections open. It connects to the app by a unix socket,
 * which costs less than TCP.
 */
const proxies: Proxy[] = [
  {
    name: "nginx",
    spawn(path, address, folder, app) {
      const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
        (kind) => `${kind}_temp_path ${folder};`,
      );
      // When a master is killed, its worker stays.
      const config = `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr;
events { worker_connections 1024; }
http {
  access_log off;
  ${temporary.join("\n  ")}
  keepalive_requests 1000000000;
  upstream app {
    server unix:${app};
    keepalive 64;
    keepalive_requests 1000000000;
  }
  server {
    listen ${address};
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`;
      writeFileSync(join(folder, "nginx.conf"), config);
      return startProcess(pinned("server", [path, "-c", join(folder, "nginx.conf")]));
    },
  },
  {
    name: "haproxy",
    spawn(path, address, folder, app) {
      const config = `
global
  nbthread 1
defaults
  mode http
  http-reuse always
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen app
  bind ${address}
  server app unix@${app}
`;
      writeFileSync(join(folder, "haproxy.cfg"), config);
      return startProcess(pinned("server", [path, "-db", "-f", join(folder, "haproxy.cfg")]));
    },
  },
  {
    name: "systemd-socket-proxyd",
    packageName: "systemd",
    spawn: (path, address, _folder, app) => spawnActivated([address], [path, app]),
  },
];

/** The installed proxies, in front of an Express app without sockact. */
export function installedProxies(source: Source, against: string): LoadedArm[] {
  return proxies.flatMap(({ name, packageName, spawn }): LoadedArm[] => {
    const path = findProgram(name, { packageName });
    if (path === undefined) return [];
    return [
      {
        name: `Express behind ${name}`,
        against,
        async start() {
          const folder = temporaryFolder();
          const app = join(folder, "app.sock");
          const address = await freeAddress("tcp4");
          const processes = [spawnPlain("express", source, app), spawn(path, address, folder, app)];
          return untilAnswered(processes, [`http://${address}/`]);
        },
        goal: "slower",
      },
    ];
  });
}
