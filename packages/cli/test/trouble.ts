// What the tests of rolling restarts in trouble have in common: a service shop, and stand-ins for the
// programs of systemd.
import { bootPrivateSystemd, type PrivateSystemd } from "@sockact/testkit";
import { emitUnits, type AppDescription } from "@sockact/units";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { Roll } from "./roll.ts";

/** Boots a systemd with the service for a group of tests, and puts it back after each of them. */
export function shopInTrouble() {
  let systemd: PrivateSystemd;
  const rolls: Roll[] = [];

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    await install("shop", [{ listen: 80 }]);
    await systemd.start("shop.socket");
  });
  afterAll(() => systemd?.close());

  beforeEach(() => release({ version: 1 }));
  afterEach(async () => {
    // One that a failed test has left behind would keep the lock.
    for (const { child } of rolls.splice(0)) child.kill("SIGKILL");
    await systemd.run(["sh", "-c", "systemctl kill --signal=KILL 'shop@*.service'; rm -rf /run/stand-in"]);
    await systemd.stop("shop@blue.service", "shop@green.service");
    await systemd.systemctl("reset-failed");
  });

  async function install(
    name: string,
    sockets: AppDescription["sockets"],
    change = (text: string) => text,
    fields: Partial<AppDescription> = {},
  ): Promise<void> {
    const program = `${systemd.project}/packages/cli/test/programs/server.mjs`;
    const units = emitUnits({ name, exec: [systemd.node, program], sockets, rolling: true, ...fields });
    const changed = Object.entries(units).map(([file, text]) => [file, change(text)] as const);
    await systemd.installUnits(Object.fromEntries(changed));
  }

  function release(contents: { version: number; crash?: true; silent?: true; sleepy?: true }): Promise<void> {
    return systemd.write("/etc/release.json", JSON.stringify(contents));
  }

  async function ask(port = 80): Promise<number> {
    const { body } = await systemd.request(`http://127.0.0.1:${port}/`);
    return (JSON.parse(body) as { version: number }).version;
  }

  const sh = (script: string) => systemd.mustRun(["sh", "-c", script]);
  const state = (unit: string) => systemd.show(unit, "ActiveState");
  function roll(
    name = "shop",
    env: string[] = [],
    options: ConstructorParameters<typeof Roll>[2] = {},
  ): Roll {
    const begun = new Roll(systemd, name, options, env);
    rolls.push(begun);
    return begun;
  }
  const states = async () => [await state("shop@blue.service"), await state("shop@green.service")];

  /** A program that real systemd can't be made to be: it runs `script`, with `real` for the real program. */
  class StandIn {
    readonly env = ["PATH=/run/stand-in:/usr/bin:/bin"];
    readonly #begun: Promise<void>;
    constructor(program: string, script: string) {
      const text = `#!/bin/sh\nreal=/usr/bin/${program}\n${script}\nexec $real "$@"\n`;
      this.#begun = systemd.write(`/run/stand-in/${program}`, text, 0o755);
    }
    /** Installed, with the programs that hang after they have told their process id. */
    static async hanging(program: string, pattern: string, first = ""): Promise<StandIn> {
      // A child inherits that SIGTERM is ignored.
      const hang = `${first}\necho $$ >>/run/stand-in/pids; trap '' TERM; exec sleep 1000`;
      const standIn = new StandIn(program, `case " $* " in ${pattern}) ${hang} ;; esac`);
      await standIn.#begun;
      return standIn;
    }
    /** Installed; it tells its process id before it becomes the real program. */
    static async known(program: string, pattern: string): Promise<StandIn> {
      const standIn = new StandIn(program, `case " $* " in ${pattern}) echo $$ >>/run/stand-in/pids ;; esac`);
      await standIn.#begun;
      return standIn;
    }
    /** Installed; it runs `script` for the arguments that match. */
    static async running(program: string, scripts: Record<string, string>): Promise<StandIn> {
      const cases = Object.entries(scripts).map(([pattern, script]) => `${pattern}) ${script} ;;`);
      const standIn = new StandIn(program, `case " $* " in ${cases.join(" ")} esac`);
      await standIn.#begun;
      return standIn;
    }
    async pids(): Promise<string[]> {
      const read = () => systemd.run(["cat", "/run/stand-in/pids"]);
      await systemd.waitUntil(async () => (await read()).stdout !== "", "the stand-in runs");
      return (await read()).stdout.trim().split("\n");
    }
    async left(): Promise<string[]> {
      const pids = await this.pids();
      const found = await Promise.all(pids.map((pid) => systemd.run(["test", "-e", `/proc/${pid}`])));
      return pids.filter((_, at) => found[at]!.code === 0);
    }
  }

  return {
    get systemd() {
      return systemd;
    },
    install,
    release,
    ask,
    sh,
    state,
    states,
    roll,
    StandIn,
  };
}
