import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type AppDescription, emitUnits } from "@sockact/units";
import { type AppProcess, watchProcess } from "../../testing/src/app-process.ts";
import { bootPrivateSystemd } from "../../testing/src/boot-private-systemd.ts";
import type { PrivateSystemd } from "../../testing/src/private-systemd.ts";
import type { PackedPackages } from "./packed-packages.ts";

export type HostsProxy = "caddy" | "nginx";

/** A part of the clients of browsers-program.mjs failed or was answered. Times are in milliseconds since 1970. */
export interface Asked {
  kind: string;
  host: string;
  began: number;
  ended: number;
  failure: string | undefined;
}

/** What browsers have seen. */
export interface Seen {
  asked: Asked[];
  /** The requests that a client has repeated on a new connection, and why. */
  repeated: string[];
  /** Event streams and WebSockets that have ended in order, and were opened again. */
  reopened: number;
}

/** The clients of browsers-program.mjs. */
export interface Clients {
  hosts: readonly string[];
  sleepy: readonly string[];
  "HTTP/1.1": number;
  "HTTP/2": number;
  visitors: number;
  uploads: number;
  streams: number;
  webSockets: number;
}

/** How long an installation of all apps may take, in milliseconds. */
const INSTALLATION = 600_000;
const cli = "/root/.npm/_npx/1/node_modules/sockact/bin/sockact.cjs";
/** Where both proxies have the files of sockact. */
const sites = { caddy: "/etc/caddy/sockact/NAME.caddy", nginx: "/etc/nginx/conf.d/sockact-NAME.conf" };
/** Where the sites of the apps without sockact are. */
const others = { caddy: "/etc/caddy/others/NAME.caddy", nginx: "/etc/nginx/conf.d/NAME.conf" };

/**
 * Many apps behind one proxy in a private systemd, which `sockact install` has installed. Their Node, and the
 * proxy, are copies of those of the machine, so that no process outside shares their memory.
 */
export class ManyHosts implements AsyncDisposable {
  readonly systemd: PrivateSystemd;
  readonly proxy: HostsProxy;

  private constructor(systemd: PrivateSystemd, proxy: HostsProxy) {
    this.systemd = systemd;
    this.proxy = proxy;
  }

  /** Boots a systemd with a running proxy, and no app. */
  static async boot(proxy: HostsProxy, packed: PackedPackages): Promise<ManyHosts> {
    const systemd = await bootPrivateSystemd();
    const hosts = new ManyHosts(systemd, proxy);
    const names = ["app", "other"].flatMap((name) =>
      Array.from({ length: 100 }, (_, index) => hostOf(`${name}${index}`)),
    );
    await systemd.mustRun(["sh", "-ec", prepared], { env: { HOSTS: names.join(" ") } });
    const folder = systemd.hostPath("/srv/apps");
    mkdirSync(join(systemd.hostPath("/root"), ".npm/_npx/1"), { recursive: true });
    packed.install(systemd.hostPath("/root/.npm/_npx/1"), ["sockact"]);
    packed.install(folder, ["express", "ws", "@sockact/express"]);
    await systemd.write("/srv/apps/app.cjs", readFileSync(new URL("host-app.cjs", import.meta.url), "utf8"));
    await systemd.write("/etc/caddy/Caddyfile", caddyfile);
    await systemd.start(`${proxy}.service`);
    return hosts;
  }

  /** Calls `sockact install` for these apps, in one call. Returns how long it took, in seconds. */
  async install(names: readonly string[], fields: Partial<AppDescription> = {}): Promise<number> {
    const configs = names.map((name) => ({
      name,
      exec: ["/srv/bin/node", "./app.cjs"],
      hosts: [hostOf(name)],
      sockets: [{ listen: `/run/${name}.sock` }],
      handover: true,
      ...fields,
    }));
    await this.systemd.write("/srv/apps/sockact.config.json", JSON.stringify(configs));
    return this.sockact(["install", "--yes"]);
  }

  /** Calls sockact. Returns how long it took, in seconds. */
  async sockact(args: readonly string[]): Promise<number> {
    const began = performance.now();
    await this.systemd.mustRun([this.systemd.node, cli, ...args], {
      cwd: "/srv/apps",
      timeout: INSTALLATION,
      env: { npm_command: "exec", SUDO_UID: "0" },
    });
    return (performance.now() - began) / 1000;
  }

  /** Adds apps without sockact, which systemd-socket-proxyd starts. Their sites are those of installed apps. */
  async addOthers(names: readonly string[], like: string): Promise<void> {
    const { systemd, proxy } = this;
    const site = readFileSync(systemd.hostPath(sites[proxy].replace("NAME", like)), "utf8");
    const units = names.map((name, index) =>
      emitUnits({
        name,
        exec: ["/srv/bin/node", "/srv/apps/app.cjs"],
        bind: "proxy",
        backend: `127.0.0.1:${9000 + index}`,
        environment: { PORT: String(9000 + index) },
        idleTimeout: "10min",
        sockets: [{ listen: `/run/${name}.sock`, socketMode: "0660", socketGroup: "www-data" }],
      }),
    );
    await systemd.installUnits(Object.assign({}, ...units) as Record<string, string>, { verify: false });
    await systemd.start(...names.map((name) => `${name}.socket`));
    for (const name of names)
      await systemd.write(others[proxy].replace("NAME", name), site.replaceAll(like, name));
    await systemd.systemctl("reload", `${proxy}.service`);
  }

  /** Starts browsers. Resolves once each has had an answer. */
  async browse(clients: Clients): Promise<Browsers> {
    const program = this.systemd.inside(new URL("browsers-program.mjs", import.meta.url));
    const options = JSON.stringify({ seed: 1, ...clients });
    const browsers = watchProcess(this.systemd.spawn([this.systemd.node, program, options]));
    await browsers.event("running");
    return new Browsers(browsers);
  }

  /**
   * Whether the kernel passes connections that a closing socket has not accepted to another one of the same port:
   * docs/hosts.md. The default of Linux is no.
   */
  async migrateConnections(isOn: boolean): Promise<void> {
    // What a private systemd has at /proc/sys is read-only.
    const script = `mkdir -p /run/proc; mountpoint -q /run/proc || mount -t proc proc /run/proc
echo ${Number(isOn)} > /run/proc/sys/net/ipv4/tcp_migrate_req`;
    await this.systemd.mustRun(["sh", "-ec", script]);
  }

  /** The sum of the proportional set sizes of all processes of these units, in MB, and how many these are. */
  memory(units: RegExp): { PSS: number; processes: number } {
    const slice = this.systemd.hostPath("/sys/fs/cgroup/system.slice");
    const groups = readdirSync(slice, { recursive: true, withFileTypes: true }).filter(
      ({ name, parentPath }) => name === "cgroup.procs" && units.test(parentPath),
    );
    const pids = groups.flatMap(({ parentPath }) =>
      readFileSync(join(parentPath, "cgroup.procs"), "utf8").split("\n").filter(Boolean),
    );
    const kilobytes = pids.map((pid) =>
      Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]),
    );
    return { PSS: kilobytes.reduce((sum, one) => sum + one, 0) / 1024, processes: pids.length };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.systemd.close();
  }
}

/** Running browsers. */
export class Browsers implements AsyncDisposable {
  readonly #program: AppProcess;

  constructor(program: AppProcess) {
    this.#program = program;
  }

  /** Resolves once each client has had one more answer. */
  async round(): Promise<void> {
    this.#program.write("round");
    await this.#program.event("round");
  }

  /** Ends the browsers. */
  async result(): Promise<Seen> {
    this.#program.endInput();
    type Line = [string, string, number, number, string | undefined];
    const { log, repeated, reopened } = await this.#program.event<Omit<Seen, "asked"> & { log: Line[] }>(
      "result",
    );
    const asked = log.map(([kind, host, began, ended, failure]) => ({
      kind,
      host,
      began,
      ended,
      failure: failure ?? undefined,
    }));
    return { asked, repeated, reopened };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}

/** The host name of an app. */
export const hostOf = (name: string): string => `${name}.example.com`;

const caddyfile = `{
	local_certs
	skip_install_trust
}
import /etc/caddy/others/*.caddy
`;

/** Folders that Debian's packages create, host names, and a certificate where certbot puts one. */
const prepared = `for folder in /srv /root; do mount -t tmpfs -o mode=755 tmpfs $folder; done
mkdir -p /srv/bin /srv/apps /var/log/nginx /var/lib/nginx /var/lib/caddy /etc/caddy/others
chmod 700 /root
chown caddy:caddy /var/lib/caddy
rm -f /etc/nginx/sites-enabled/default
for name in $HOSTS; do echo "127.0.0.1 $name"; done >> /etc/hosts
cp /run/sockact/node /srv/bin/node
for program in $(command -v caddy nginx); do
  cp $program /srv/bin
  mount --bind /srv/bin/\${program##*/} $program
done
folder=/etc/letsencrypt/live/example.com
mkdir -p $folder
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=example.com \
  -addext subjectAltName=DNS:*.example.com -keyout $folder/privkey.pem -out $folder/fullchain.pem 2>/dev/null`;
