import { existsSync } from "node:fs";
import { isIncluded } from "../../install/install.ts";
import type { Proxy } from "../../proxy/proxy.ts";
import { CliError } from "../../shared/cli-error.ts";
import { ownCommand } from "../../shared/own-command.ts";
import { textOrEmpty } from "../../shared/read-file.ts";
import { configuration, proxyUnit, site, siteText } from "../facts/hosts.ts";
import { describeProcess, holders, listeningSockets, portOf } from "../facts/sockets.ts";
import type { Diagnosis, Evidence, Found } from "../model/diagnosis.ts";
import type { Subject } from "../model/subject.ts";

/** The machine's proxy, and the site of the service in it. */
export const hosts: readonly Diagnosis[] = [
  {
    code: "proxy-inactive",
    severity: "error",
    title: "the proxy does not run",
    why: "Visitors reach the host names of a service through the proxy. Its own socket still answers on this machine.",
    looksAt:
      "`ActiveState` of `caddy.service` or `nginx.service`, and the programs that have ports 80 and 443.",
    remedy:
      "Start the proxy with `systemctl start`. If it fails, read its journal, or stop the program that has its port.",
    async find(subject) {
      const found = await subject.get(site);
      if (found === undefined) return [];
      const { proxy, hosts: names } = found;
      const { unit } = proxy;
      const shown = await subject.host.get(proxyUnit(proxy));
      if (isUp(shown.state)) return [];
      const owners = (await Promise.all([80, 443].map((port) => holdersOf(subject, port)))).flat();
      // systemd may hold the port for the proxy.
      const rivals = owners.filter(({ pid }) => pid !== 1);
      const isMissing = !shown.isLoaded;
      return {
        unit,
        message: `${isMissing ? `${unit} is not installed` : `${unit} ${shown.state === "failed" ? "has failed" : "does not run"}`}, so nobody reaches ${names.join(" and ")}.`,
        evidence: [
          ...(isMissing ? shown.show("LoadState") : shown.show("ActiveState", "Result")),
          ...rivals.map(({ evidence }) => evidence),
        ],
        fix: isMissing
          ? `Install it again. Or install ${subject.name} again, with another proxy.`
          : rivals.length > 0
            ? `Stop the program that has the port of ${proxy.name}, and start ${proxy.name}.`
            : `Start it. If it fails, its journal says why.`,
        copy: isMissing
          ? [`apt install ${proxy.name}`]
          : [
              ...rivals.flatMap((each) => (each.unit === "" ? [] : [`systemctl disable --now ${each.unit}`])),
              `systemctl enable --now ${unit}`,
              `journalctl --unit ${unit} --lines 20`,
            ],
      };
    },
  },
  {
    code: "proxy-port",
    severity: "error",
    title: "the proxy runs, but does not have the port of the site",
    why: "Browsers connect to port 443, and to port 80 for http. If the proxy does not listen there, nobody reaches the site.",
    looksAt: "The sockets that listen on this machine, the process that has them, and the ports of the site.",
    remedy:
      "Reload the proxy, so that it opens the port. If another program has the port, stop that program.",
    async find(subject) {
      const found = await subject.get(site);
      if (found === undefined) return [];
      const { proxy } = found;
      const { unit } = proxy;
      if (!isUp((await subject.host.get(proxyUnit(proxy))).state)) return [];
      const ports = portsOf(proxy, (await subject.get(siteText)) ?? "");
      const listening = await subject.host.get(listeningSockets);
      const faults = await Promise.all(
        ports.map(async (port): Promise<Found[]> => {
          const isOpen = listening.some(
            ({ protocol, address }) => protocol === "tcp" && portOf(address) === port,
          );
          if (!isOpen)
            return [
              {
                unit,
                message: `${unit} runs, but nothing listens on port ${port} of this machine.`,
                evidence: [{ text: `no socket on port ${port}`, source: "/proc/net/tcp" }],
                fix: `Reload ${proxy.name}, so that it reads its sites again. If it refuses, its journal says why.`,
                copy: [`systemctl reload ${unit}`, `journalctl --unit ${unit} --lines 20`],
              },
            ];
          const owners = await holdersOf(subject, port);
          const [owner] = owners;
          if (owner === undefined || owners.some((each) => each.unit === unit)) return [];
          return [
            {
              unit,
              message: `Port ${port} belongs to ${owner.unit || `process ${owner.pid}`}, and not to ${unit}.`,
              evidence: owners.map(({ evidence }) => evidence),
              fix: `Stop the other program, and start ${proxy.name} again.`,
              copy: [
                owner.unit === "" ? `kill ${owner.pid}` : `systemctl disable --now ${owner.unit}`,
                `systemctl restart ${unit}`,
              ],
            },
          ];
        }),
      );
      return faults.flat();
    },
  },
  {
    code: "proxy-config",
    severity: "warning",
    title: "the configuration of the proxy is not valid",
    why: "The proxy goes on with what it read before. At its next start, it fails, and then nobody reaches any site of this machine.",
    looksAt: "What `nginx -T` or `caddy adapt --validate` says about the files of the proxy. Needs root.",
    remedy: "Correct the file that the message names. sockact changes only its own files.",
    async find(subject) {
      const found = await subject.get(site);
      if (found === undefined) return [];
      const { proxy } = found;
      const read = await subject.host.get(configuration(proxy));
      if (read === undefined && !subject.host.isRoot)
        subject.host.cannotSee(
          `Only root can let ${proxy.name} check its configuration.`,
          subject.command("doctor"),
        );
      if (!(read instanceof CliError)) return [];
      const { state } = await subject.host.get(proxyUnit(proxy));
      return {
        unit: proxy.unit,
        ...(!isUp(state) && { severity: "error" }),
        message: `${read.message.charAt(0).toUpperCase()}${read.message.slice(1)}`,
        evidence: [],
        fix: read.hint,
      };
    },
  },
  {
    code: "site-missing",
    severity: "error",
    title: "the proxy does not read the site of the service",
    why: "Without the site, the proxy does not know the host names, and passes nobody to the app.",
    looksAt:
      "The file of the site, the line in the Caddyfile that imports it, and, as root, what `nginx -T` reads.",
    remedy: "Run `sockact install` as before, with `--force` if a file has changed.",
    async find(subject) {
      const found = await subject.get(site);
      if (found === undefined) return [];
      const { proxy, file, hosts: names } = found;
      const about = {
        unit: proxy.unit,
        fix: `Install ${subject.name} again as before, with the same options.`,
        copy: [ownCommand("install", "--name", subject.name, "--force")],
      };
      if (!existsSync(file))
        return {
          ...about,
          message: `${file} is missing since sockact installed it, so ${proxy.name} does not serve ${names.join(" and ")}.`,
        };
      if (!isIncluded(file, subject.name)) {
        const { file: config, line } = proxy.include!;
        return {
          ...about,
          message: `${config} does not import ${file}, so ${proxy.name} does not serve ${names.join(" and ")}.`,
          evidence: [{ text: `no line: ${line}`, source: config }],
          fix: `Write the line again, and reload ${proxy.name}.`,
          copy: [`echo '${line}' >> ${config}`, `systemctl reload ${proxy.unit}`],
        };
      }
      const read = await subject.host.get(configuration(proxy));
      if (read === undefined || read instanceof CliError) return [];
      const unread = names.filter((name) => !read.served.some(({ host }) => host === name));
      if (unread.length === 0) return [];
      return {
        ...about,
        message: `${proxy.name} has no site for ${unread.join(" and ")}, although ${file} is there.`,
        evidence: [{ text: `the configuration has no ${unread.join(" and ")}`, source: file }],
      };
    },
  },
  {
    code: "host-taken",
    severity: "warning",
    title: "another site has the same host name",
    why: "A proxy serves a host name from one site only. nginx uses the one that it reads first, and ignores the other. Caddy refuses its whole configuration.",
    looksAt: "The host names in all files that the proxy reads. Needs root.",
    remedy: "Remove the host name from the other site, and reload the proxy.",
    async find(subject) {
      const found = await subject.get(site);
      if (found === undefined) return [];
      const { proxy, file, hosts: names } = found;
      const read = await subject.host.get(configuration(proxy));
      if (read === undefined || read instanceof CliError || !existsSync(file)) return [];
      const others = read.served.filter((served) => names.includes(served.host) && served.file !== file);
      // A file may have a site for each port.
      return [...new Map(others.map((each) => [`${each.host} ${each.file}`, each])).values()].map(
        (served) => ({
          unit: proxy.unit,
          message: `${served.file} has a site for ${served.host} too. ${proxy.name} serves only one of them.`,
          evidence: [
            { text: served.host, source: served.file },
            { text: served.host, source: file },
          ],
          fix: `Remove ${served.host} from the other site. If that site is right, install ${subject.name} again without this host name.`,
          copy: [`systemctl reload ${proxy.unit}`],
        }),
      );
    },
  },
  {
    code: "caddy-admin",
    severity: "info",
    title: "every program of this machine can change the sites of Caddy",
    why: "By default, Caddy takes its configuration from anyone who connects to port 2019 of this machine. So an app that was taken over can send the visitors of all sites to itself, and read the keys of the certificates.",
    looksAt: "Whether Caddy serves the site, and whether something listens on port 2019.",
    remedy:
      "Write `admin unix//var/lib/caddy/admin.sock` into the global options of the Caddyfile, and load it by the old way once: `caddy reload --config /etc/caddy/Caddyfile --address localhost:2019`. Only root and Caddy can connect to this socket.",
    async find(subject) {
      const found = await subject.get(site);
      if (found?.proxy.name !== "caddy") return [];
      const { unit, include } = found.proxy;
      const open = (await subject.host.get(listeningSockets)).find(
        ({ protocol, address }) => protocol === "tcp" && portOf(address) === ADMIN_PORT,
      );
      if (open === undefined || !isUp((await subject.host.get(proxyUnit(found.proxy))).state)) return [];
      return {
        unit,
        message: `Every program of this machine can change the sites of Caddy, at ${open.address}.`,
        evidence: [{ text: `a socket on ${open.address}`, source: "/proc/net/tcp" }],
        fix: `Write this into the global options at the beginning of ${include!.file}: admin unix//var/lib/caddy/admin.sock. Then load it once as below. Later reloads are as before.`,
        copy: [`caddy reload --config ${include!.file} --address localhost:${ADMIN_PORT}`],
      };
    },
  },
];

/** The port of Caddy's admin endpoint, if the Caddyfile has no other. */
const ADMIN_PORT = 2019;

const isUp = (state: string): boolean => state === "active" || state === "reloading";

/** The ports that the site needs. */
function portsOf({ include, name }: Proxy, text: string): number[] {
  if (name === "nginx")
    return [...new Set(Array.from(text.matchAll(/\blisten\s+(?:\S*:)?(\d+)/g), ([, port]) => Number(port)))];
  // Somebody may have given Caddy other ports on purpose.
  return include === undefined || /^\s*(?:https?_port|auto_https)\s/m.test(textOrEmpty(include.file))
    ? []
    : [80, 443];
}

interface Holder {
  pid: number;
  /** The unit of the process, or an empty string. */
  unit: string;
  evidence: Evidence;
}

/** The processes that listen on a port, as far as the user may see them. */
async function holdersOf(subject: Subject, port: number): Promise<Holder[]> {
  const { host } = subject;
  const [listening, known] = await Promise.all([host.get(listeningSockets), host.get(holders)]);
  const sockets = listening.filter(({ protocol, address }) => protocol === "tcp" && portOf(address) === port);
  const pids = sockets.flatMap(({ inode, address }) =>
    (known.get(inode) ?? []).map((pid) => ({ pid, address })),
  );
  if (sockets.length > 0 && pids.length === 0)
    host.cannotSee(`You may not see which process listens on port ${port}.`, subject.command("doctor"));
  return pids.map(({ pid, address }) => {
    const { command: line, unit } = describeProcess(host, pid);
    return {
      pid,
      unit: unit.endsWith(".service") ? unit : "",
      evidence: {
        text: `${address} is open in process ${pid}: ${line.slice(0, 120)}`,
        source: unit === "" ? `/proc/${pid}/fd` : `/proc/${pid}/fd, of ${unit}`,
      },
    };
  });
}
