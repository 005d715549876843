import { type Asked, hostOf, type ManyHosts, type Seen } from "./many-hosts.ts";

/** What happens to apps, or to the proxy, while browsers use them. */
export type Change = "nothing" | "restart" | "handover" | "reload of the proxy" | "kill -9";

/** When an app was killed, in milliseconds since 1970. systemd sends the signal between both times. */
interface Kill {
  host: string;
  before: number;
  after: number;
}

/** What browsers have seen of a change. */
export interface Outcome extends Seen {
  failed: Asked[];
  /** Those that failed, and were not under way in a process when it was killed. */
  unexplained: Asked[];
  /** How many were under way at a kill. */
  underWay: number;
  /** The longest wait of a page or a form, in milliseconds. */
  longest: number;
}

interface Scenario {
  /** Apps with constant load, and apps that are asked rarely. */
  names: readonly string[];
  sleepy: readonly string[];
  /** How often the change happens to each app. */
  times: number;
}

/**
 * Makes a change under the load of browsers: pages and forms over HTTP/1.1 and HTTP/2 to several hosts at once,
 * uploads, event streams and WebSockets.
 */
export async function underLoad(hosts: ManyHosts, change: Change, scenario: Scenario): Promise<Outcome> {
  const { names, sleepy, times } = scenario;
  const { systemd, proxy } = hosts;
  await using browsers = await hosts.browse({
    hosts: names.map(hostOf),
    sleepy: sleepy.map(hostOf),
    "HTTP/1.1": 2,
    "HTTP/2": 2,
    visitors: 1,
    uploads: 1,
    streams: names.length,
    webSockets: names.length,
  });
  const kills: Kill[] = [];
  const changeOne = async (name: string): Promise<void> => {
    const unit = `${name}.service`;
    if (change === "restart") await systemd.restart(unit);
    if (change === "handover") await systemd.systemctl("reload", unit);
    if (change !== "kill -9") return;
    const before = Date.now();
    await systemd.systemctl("kill", "--signal=KILL", "--kill-whom=main", unit);
    kills.push({ host: hostOf(name), before, after: Date.now() });
  };
  for (let count = 0; count < times; count++) {
    if (change === "reload of the proxy") await systemd.systemctl("reload", `${proxy}.service`);
    else
      for (const name of names) {
        await changeOne(name);
        // The next one is killed while the clients of this one have answers again.
        if (change === "kill -9") await browsers.round();
      }
    await browsers.round();
  }
  const seen = await browsers.result();
  const isUnderWay = ({ host, began, ended }: Asked): boolean =>
    kills.some((kill) => kill.host === host && began <= kill.after && ended >= kill.before);
  const failed = seen.asked.filter(({ failure }) => failure !== undefined);
  return {
    ...seen,
    failed,
    unexplained: failed.filter((one) => !isUnderWay(one)),
    underWay: seen.asked.filter(isUnderWay).length,
    longest: Math.max(
      ...seen.asked.filter(({ kind }) => /GET|POST/.test(kind)).map(({ began, ended }) => ended - began),
    ),
  };
}
