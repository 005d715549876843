import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { bootPrivateSystemd, type CommandResult, type PrivateSystemd } from "@sockact/testkit";

/**
 * A computer of the fleet: namespaces with a systemd of their own as process 1, a disk that outlives it, and a network card. The card is plugged into the
 * network of another machine, which has the switch.
 */
export class Machine {
  readonly name: string;
  readonly address: string;
  readonly #disk = mkdtempSync(join(tmpdir(), "sockact-fleet-"));
  #systemd: PrivateSystemd | undefined;
  /** The machine with the switch; none for this machine itself. */
  readonly #switch: Machine | undefined;

  constructor(name: string, address: string, upstream?: Machine) {
    this.name = name;
    this.address = address;
    this.#switch = upstream;
  }

  /** The running systemd. */
  get systemd(): PrivateSystemd {
    if (this.#systemd === undefined) throw new Error(`${this.name} is off.`);
    return this.#systemd;
  }

  /** Boots it, and plugs in its cable. */
  async boot(): Promise<void> {
    const systemd = await bootPrivateSystemd({ disk: this.#disk });
    this.#systemd = systemd;
    await systemd.mustRun(["hostname", this.name]);
    if (this.#switch === undefined) await this.#makeSwitch();
    else await this.#plugIn(this.#switch);
  }

  async #makeSwitch(): Promise<void> {
    const { systemd } = this;
    await systemd.mustRun(["ip", "link", "add", "switch", "type", "bridge"]);
    await systemd.mustRun(["ip", "address", "add", `${this.address}/24`, "dev", "switch"]);
    await systemd.mustRun(["ip", "link", "set", "switch", "up"]);
  }

  async #plugIn(upstream: Machine): Promise<void> {
    // A cable has two ends: one in the switch, and one in this machine. A card keeps its hardware address, which the others remember across a reboot.
    const bytes = this.address.split(".").map((byte) => Number(byte).toString(16).padStart(2, "0"));
    const card = ["peer", "name", "eth0", "address", ["02", "00", ...bytes].join(":")];
    const toHere = ["netns", String(this.systemd.pid)];
    await inNetworkOf(upstream, [
      "link",
      "add",
      this.name,
      "master",
      "switch",
      "up",
      "type",
      "veth",
      ...card,
      ...toHere,
    ]);
    await this.systemd.mustRun(["ip", "address", "add", `${this.address}/24`, "dev", "eth0"]);
    await this.systemd.mustRun(["ip", "link", "set", "eth0", "up"]);
  }

  /** Removes the cable. Nothing gets out of this machine any more, not even the end of a connection. */
  async #unplug(): Promise<void> {
    // A network that has ended takes its cables along.
    if (this.#switch !== undefined)
      await inNetworkOf(this.#switch, ["link", "delete", this.name]).catch(() => {});
  }

  /** Runs a shell script as root of this machine, for a minute at most. Resolves to its output; rejects if it fails. */
  run(script: string): Promise<string> {
    return this.systemd.mustRun(["sh", "-euc", script], { ...asRoot, timeout: 60_000 });
  }

  /** Runs a command as root of this machine, for ten minutes at most, and resolves to what it prints, whatever its exit status. */
  try(command: string[]): Promise<CommandResult> {
    return this.systemd.run(command, { ...asRoot, timeout: 600_000 });
  }

  /** How many connections from other machines to the app are open. */
  async connections(): Promise<number> {
    return Number(await this.run("ss -Htn state established '( sport = 8080 or sport = 8443 )' | wc -l"));
  }

  /** `systemctl reboot`: stops all services, ends systemd, and boots again. */
  async reboot(): Promise<void> {
    const back = this.bootAgain();
    await this.run("systemctl reboot");
    await back;
  }

  /** Boots again when it has ended, as a computer does by itself after `systemctl reboot`. */
  async bootAgain(): Promise<void> {
    if (await this.end()) await this.boot();
  }

  /** Resolves once it has ended by itself, and is off; to false if it was removed. */
  async end(): Promise<boolean> {
    const { systemd } = this;
    while (isRunning(systemd.pid)) {
      await delay(50);
      // The shutdown stops all processes for a moment. nsenter stops with its child then, and nobody inside can continue it.
      await execute("pkill", ["--signal", "CONT", "--full", `^nsenter --target ${systemd.pid} `]).catch(
        () => {},
      );
    }
    if (this.#systemd !== systemd) return false;
    await this.#unplug();
    await systemd.close();
    this.#systemd = undefined;
    return true;
  }

  /** The power fails: nothing more gets out of it, and all processes are gone. */
  async cutPower(): Promise<void> {
    await this.#unplug();
    process.kill(this.systemd.pid, "SIGKILL");
    await this.systemd.close();
    this.#systemd = undefined;
  }

  /** Ends it, and removes its disk. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#systemd?.close();
    this.#systemd = undefined;
    rmSync(this.#disk, { recursive: true, force: true });
  }
}

const execute = promisify(execFile);
const asRoot = { env: { HOME: "/root", PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" }, cwd: "/root" };

/** Runs `ip` with a machine's network, and the process ids of this computer. */
async function inNetworkOf({ systemd }: Machine, args: readonly string[]): Promise<void> {
  await execute("nsenter", ["--target", String(systemd.pid), "--net", "ip", ...args]);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
