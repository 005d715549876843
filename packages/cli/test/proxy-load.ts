import { Load, type LoadResult, type PrivateSystemd, report } from "@sockact/testkit";

/** What clients of a proxy got, on connections that stay open, and on a new one for each request. */
export interface ProxyLoad {
  open: LoadResult;
  fresh: LoadResult;
}

/**
 * Sends requests to an app that answers `hello`, over https, while something happens.
 *
 * @param what the title of the printed figures
 * @param happen gets a function that resolves once each client has one more answer
 */
export async function askMeanwhile(
  systemd: PrivateSystemd,
  host: string,
  what: string,
  happen: (round: () => Promise<unknown>) => Promise<void>,
): Promise<ProxyLoad> {
  const headers = { host };
  const clients = {
    host: "127.0.0.1",
    port: 443,
    clients: 16,
    think: 50,
    away: 1,
    secure: true,
    seed: 1,
    requests: [
      { method: "GET", path: "/", headers },
      { method: "POST", path: "/", headers, body: "order" },
    ],
    answer: "^hello$",
  };
  await using open = await Load.start(systemd, "thinking", { ...clients, keepAlive: true });
  await using fresh = await Load.start(systemd, "thinking", { ...clients, keepAlive: false });
  await happen(() => Promise.all([open.round(), fresh.round()]));
  const results = { open: await open.result(), fresh: await fresh.result() };
  report(what, { "open connections": results.open, "new connections": results.fresh });
  return results;
}
