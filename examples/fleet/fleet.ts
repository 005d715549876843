import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { PackedPackages } from "@sockact/testkit";
import { Machine } from "./machine.ts";
import { Releases } from "./releases.ts";

const file = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");

/** What this computer must have. */
export const requirements = {
  commands: ["curl", "haproxy", "ip", "openssl", "pkill", "ssh", "sshd"],
  privateSystemd: true,
  // For OpenFile=, which the units need for a handover.
  systemd: 253,
};

/** Whether HAProxy sends clients to a host. */
export type HostState = "UP" | "DOWN";

/** Three hosts with the app, HAProxy in front of them, and the office, from which everything is deployed, and where the clients are. */
export class Fleet implements AsyncDisposable {
  readonly office = new Machine("office", "10.77.0.1");
  readonly balancer = new Machine("balancer", "10.77.0.10", this.office);
  readonly hosts: readonly Machine[] = ["alpha", "beta", "gamma"].map(
    (name, index) => new Machine(name, `10.77.0.${11 + index}`, this.office),
  );
  readonly releases: Releases;

  private constructor(packed: PackedPackages) {
    this.releases = new Releases(this.office, packed);
  }

  /** Boots the machines, and sets them up as an administrator does once: keys for ssh, the certificate, Node and HAProxy. */
  static async start(packed: PackedPackages): Promise<Fleet> {
    const fleet = new Fleet(packed);
    try {
      await fleet.#setUp();
      return fleet;
    } catch (error) {
      await fleet[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #setUp(): Promise<void> {
    const { office, balancer, hosts } = this;
    await office.boot();
    // A second address, to see that the app distinguishes clients.
    await office.run("ip address add 10.77.0.2/24 dev switch");
    const [key, certificate] = await this.#makeKeys();
    await Promise.all([balancer, ...hosts].map((machine) => machine.boot()));
    await Promise.all(hosts.map((host) => setUpHost(host, key, certificate)));
    await balancer.systemd.write("/etc/haproxy/fleet.pem", Object.values(certificate).join(""), 0o600);
    await balancer.systemd.write("/etc/haproxy/haproxy.cfg", file("haproxy.cfg"));
    // The unit of Debian shows the journal's socket there.
    await balancer.systemd.write("/var/lib/haproxy/dev/log", "");
    await balancer.systemd.start("haproxy.service");
  }

  /** Makes a key for ssh, and a certificate for HAProxy and the apps. */
  async #makeKeys(): Promise<[string, Certificate]> {
    const names = "subjectAltName=DNS:fleet.example,IP:10.77.0.10";
    const keys = `
      ssh-keygen -q -t ed25519 -N "" -f /root/.ssh/id_ed25519
      printf "StrictHostKeyChecking no\\nUserKnownHostsFile /dev/null\\nLogLevel ERROR\\nServerAliveInterval 1\\nServerAliveCountMax 10\\n" >/root/.ssh/config
      openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=fleet.example -addext ${names} -keyout /root/key.pem -out /root/cert.pem 2>&1`;
    await this.office.run(keys);
    const read = (path: string): string => readFileSync(this.office.systemd.hostPath(path), "utf8");
    return [read("/root/.ssh/id_ed25519.pub"), { cert: read("/root/cert.pem"), key: read("/root/key.pem") }];
  }

  /** Resolves once HAProxy considers a host as up or down. */
  async waitForHost({ name }: Machine, state: HostState): Promise<void> {
    const deadline = performance.now() + 30_000;
    for (;;) {
      const states = await this.hostStates();
      if (states[name] === state) return;
      if (performance.now() > deadline)
        throw new Error(`HAProxy did not find ${name} ${state} in 30 s: ${JSON.stringify(states)}`);
      await delay(50);
    }
  }

  /** The state of each host in HAProxy. */
  async hostStates(): Promise<Record<string, string>> {
    const table = await this.office.run("curl --silent --fail 'http://10.77.0.10:8404/;csv'");
    const rows = table.split("\n").map((line) => line.split(","));
    const column = rows[0]!.indexOf("status");
    const app = rows.filter(([backend, server]) => backend === "app" && server !== "BACKEND");
    // It says `UP 1/2` between two checks.
    return Object.fromEntries(app.map((row) => [row[1], row[column]!.split(" ")[0]!]));
  }

  /** The version that each host serves. */
  versions(): Promise<string[]> {
    return Promise.all(
      this.hosts.map(async (host) => {
        const answer = await host.run("curl --silent --fail http://127.0.0.1:8081/");
        return (JSON.parse(answer) as { version: string }).version;
      }),
    );
  }

  /** Ends all machines, and removes their disks. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.balancer, ...this.hosts].map((machine) => machine[Symbol.asyncDispose]()));
    await this.office[Symbol.asyncDispose]();
  }
}

interface Certificate {
  cert: string;
  key: string;
}

async function setUpHost(host: Machine, sshKey: string, { cert, key }: Certificate): Promise<void> {
  const { systemd } = host;
  await systemd.write("/root/.ssh/authorized_keys", sshKey, 0o600);
  await systemd.write("/etc/ssh/sshd_config.d/fleet.conf", "UsePAM no\n");
  await systemd.write("/etc/fleet/cert.pem", cert);
  await systemd.write("/etc/fleet/key.pem", key, 0o600);
  const script = `
    chmod 700 /root /root/.ssh
    # Without PAM, ssh accepts no user whose password is locked.
    usermod --password '*' root
    ln -s ${systemd.node} /usr/local/bin/node
    systemctl enable --quiet --now ssh.socket`;
  await host.run(script);
}
