import { fileURLToPath } from "node:url";
import { freeAddress } from "../../packages/testing/src/addresses.ts";
import { findProgram } from "./find-program.ts";
import type { LoadedArm } from "./loaded-arms.ts";
import { spawnActivated, untilAnswered } from "./loaded-servers.ts";

const fileOf = (name: string): string => fileURLToPath(new URL(`../apps/${name}`, import.meta.url));

/**
 * Both support LISTEN_FDS. Each has one process with threads, because gunicorn without threads closes each
 * connection.
 */
const servers = {
  gunicorn: ["--chdir", fileOf("."), "--worker-class=gthread", "--threads=5", "--keep-alive=60", "hello:app"],
  puma: [
    "--no-config",
    "--environment=production",
    "--silent",
    "--threads=5:5",
    "--bind-to-activated-sockets=only",
    fileOf("hello.ru"),
  ],
};

/**
 * The installed servers of other languages, on a passed socket. The comparison with ours is for information
 * only.
 */
export function otherLanguages(against: string): LoadedArm[] {
  return Object.entries(servers).flatMap(([name, args]): LoadedArm[] => {
    const path = findProgram(name);
    if (path === undefined) return [];
    return [
      {
        name,
        against,
        async start() {
          const address = await freeAddress("tcp4");
          return untilAnswered([spawnActivated([address], [path, ...args])], [`http://${address}/`]);
        },
      },
    ];
  });
}
