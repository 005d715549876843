import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freeAddress } from "../../packages/testing/src/addresses.ts";
import { startProcess } from "../../packages/testing/src/app-process.ts";
import { cpuTimeOf } from "./cpu-time.ts";
import type { LoadedArm } from "./loaded-arms.ts";
import {
  commandOf,
  type LoadedServer,
  type Source,
  spawnActivated,
  untilAnswered,
} from "./loaded-servers.ts";
import { pinned } from "./pinned.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** The same app behind HAProxy, without PROXY headers and with them. */
export function behindHaproxy(kind: "core" | "tls", source: Source): LoadedArm[] {
  const what = kind === "tls" ? "TLS" : "HTTP";
  const plain = `${what}, without the header`;
  return [
    { name: plain, against: plain, start: () => start(kind, source, false) },
    {
      name: `${what}, with the header`,
      against: plain,
      start: () => start(kind, source, true),
      goal: "cheap",
    },
  ];
}

/**
 * HAProxy shares the core of the load. Each client connection is one connection to the app, which no other
 * client uses. The CPU time of HAProxy does not count.
 */
async function start(kind: "core" | "tls", source: Source, hasHeader: boolean): Promise<LoadedServer> {
  const [address, front] = [await freeAddress("tcp4"), await freeAddress("tcp4")];
  const app = spawnActivated([address], commandOf(kind, source), {
    // A socket without a name.
    SOCKACT_PROXY_PROTOCOL: hasHeader ? "unknown:*" : "",
  });
  const config = join(temporaryFolder(), "haproxy.cfg");
  const options = [...(hasHeader ? ["send-proxy-v2"] : []), ...(kind === "tls" ? ["ssl verify none"] : [])];
  writeFileSync(
    config,
    `
global
  nbthread 1
defaults
  mode http
  http-reuse never
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen app
  bind ${front}
  server app ${address} ${options.join(" ")}
`,
  );
  const haproxy = startProcess(pinned("load", ["haproxy", "-db", "-f", config]));
  const server = await untilAnswered([app, haproxy], [`http://${front}/`]);
  return { ...server, cpuTime: () => cpuTimeOf(app.pid) };
}
