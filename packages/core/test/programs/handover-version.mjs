// An app that hands over at a reload. The file that imports it is a version of the app, and does what is wrong in that version.
import { appendFileSync } from "node:fs";
import { createServer } from "node:http";
import process from "node:process";
import { listen } from "@sockact/core";
import { untilGone } from "../../../testing/programs/until-gone.mjs";

/**
 * Listens on each socket. Answers a request with its number, the process and the version, and notes the number, so that a test sees what was served twice.
 * `/held` is answered when /run/hold is gone.
 *
 * @param options of listen(), with `names` of the sockets, and `onConnection`
 * @returns the servers
 */
export async function serve(version, { names = ["http", "admin"], onConnection, ...options } = {}) {
  const answer = async (request, response) => {
    const { pathname, search } = new URL(request.url, "http://localhost");
    const number = search.slice(1);
    if (number !== "") appendFileSync(`${process.env.RUNTIME_DIRECTORY}/served`, `${number}\n`);
    if (pathname === "/held") {
      console.log(pathname);
      await untilGone("/run/hold");
    }
    response.end(`${number} ${process.pid} ${version}`);
  };
  const servers = names.map((name) => [createServer({ keepAliveTimeout: 60_000 }, answer), name]);
  if (onConnection) for (const [server] of servers) server.on("connection", onConnection);
  await Promise.all(servers.map(([server, name]) => listen(server, { ...options, name })));
  return servers.map(([server]) => server);
}
