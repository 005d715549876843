import { describeWith, type PrivateSystemd } from "@sockact/testkit";
import type { AppDescription } from "@sockact/units";
import { beforeAll, describe, expect, it } from "vitest";
import { sockactInside } from "./run.ts";
import { ask as askDoctor } from "./doctor.ts";
import { type Everything, nothing, UNITS, useInstallation } from "./installation.ts";

const campaign = { tags: "campaign", timeout: 300_000 } as const;

describeWith({ privateSystemd: true, systemd: 253 }, "sockact install, interrupted or killed", () => {
  const shop = useInstallation();
  const { plan, start, install, filesIn, ask, everything } = shop;
  let systemd: PrivateSystemd;
  beforeAll(() => {
    systemd = shop.systemd;
  });

  const first = () =>
    plan({
      sockets: [
        { listen: 80, name: "http" },
        { listen: 81, name: "admin" },
      ],
    });
  const second = () =>
    plan({
      sockets: [
        { listen: 82, name: "http" },
        { listen: 83, name: "web" },
      ],
      description: "Version 2",
    });

  describe("at a first installation, leaves nothing behind", () => {
    const interrupt = async (at: number | string): Promise<object> => {
      const { error } = await install(plan(), { abortAt: at });
      return { code: error?.code, exitCode: error?.exitCode, left: await everything() };
    };
    const interrupted = { code: "SOCKACT_ERR_INSTALL_INTERRUPTED", exitCode: 130, left: nothing };
    const killAndUninstall = async (at: number | string): Promise<object> => {
      const killed = await install(plan(), { killAt: at });
      const { error } = await install(plan(), { uninstall: true });
      return { result: killed.result, error, left: await everything() };
    };
    const uninstalled = { result: undefined, error: undefined, left: nothing };

    it("when it is interrupted after it has started the socket", async () => {
      expect(await interrupt("started")).toEqual(interrupted);
    });

    it("when it is killed after it has written a file, and uninstalled", async () => {
      expect(await killAndUninstall("written")).toEqual(uninstalled);
    });

    it("after each step", campaign, async () => {
      const { steps } = await install();
      await install(plan(), { uninstall: true });
      for (const [at, { type }] of steps.entries()) {
        expect({ type, ...(await interrupt(at)) }).toEqual({ type, ...interrupted });
        expect({ type, ...(await killAndUninstall(at)) }).toEqual({ type, ...uninstalled });
      }
    });
  });

  describe("at an update, leaves the old version complete and running", () => {
    interface Before {
      everything: Everything;
      /** The unit files of both versions. */
      whole: Set<string>;
    }

    /** Installs the first version over the second one, so that the manifest has its own time. */
    async function installFirst(): Promise<Before> {
      await install(second());
      const files = await filesIn(UNITS);
      await install(first());
      await ask();
      const both = [files, await filesIn(UNITS)].flatMap((each) => Object.entries(each));
      return { everything: await everything(), whole: new Set(both.map((entry) => entry.join("\n"))) };
    }

    /** Unit files that are neither of the first version nor of the second. */
    async function halves(whole: Set<string>): Promise<string[]> {
      // A killed installer leaves its systemctl behind, which goes on.
      const running = ["sh", "-c", "grep --no-messages --line-regexp systemctl /proc/[0-9]*/comm"];
      const isOver = async () => (await systemd.run(running)).stdout === "";
      await systemd.waitUntil(isOver, "systemctl ended");
      const files = Object.entries(await filesIn(UNITS)).filter(([name]) => !name.startsWith(".sockact-"));
      return files.map((entry) => entry.join("\n")).filter((entry) => !whole.has(entry));
    }

    const interrupt = async (at: number | string): Promise<object> => {
      const { error } = await install(second(), { abortAt: at });
      const left = await everything();
      await ask();
      return { code: error?.code, left };
    };
    const killAndRepair = async ({ whole }: Before, at: number | string): Promise<object> => {
      const killed = await install(second(), { killAt: at });
      const broken = await halves(whole);
      const { error, result } = await install(first());
      const left = await everything();
      await ask();
      return { result: killed.result, broken, error, changed: result?.changed, left };
    };
    const interrupted = { code: "SOCKACT_ERR_INSTALL_INTERRUPTED" };
    const repaired = { result: undefined, broken: [], error: undefined, changed: true };

    it("when it is interrupted or killed after it has restarted the units", async () => {
      const before = await installFirst();
      const left = before.everything;
      expect(await interrupt("restarted")).toEqual({ ...interrupted, left });
      expect(await killAndRepair(before, "restarted")).toEqual({ ...repaired, left });
    });

    it("when it is interrupted while it waits for a new version that never becomes ready", async () => {
      await install();
      await ask();
      const running = start(plan({ exec: ["/bin/sleep", "infinity"] }));
      await systemd.waitForUnit("shop.service", "ActiveState", "activating");
      // Ctrl-C in a terminal would end systemctl too.
      running.child.kill("SIGTERM");
      expect((await running.ended).error).toMatchObject({ ...interrupted, exitCode: 143 });
      await ask();
    });

    it("which status and doctor report when it was killed, but not while it runs", async () => {
      const reported = async (command: string) => {
        const { stdout } = await systemd.run([...sockactInside(systemd), command, "shop", "--json"]);
        return stdout.includes('"install-interrupted"');
      };
      const both = async () => [await reported("status"), await reported("doctor")];
      await install(first());
      const running = start(second(), { pauseAt: "written" });
      await running.until("paused");
      expect(await both()).toEqual([false, false]);
      running.child.kill("SIGKILL");
      await running.ended;
      expect(await both()).toEqual([true, true]);
      expect(await install(second())).toMatchObject({ result: { changed: true } });
      expect(await both()).toEqual([false, false]);
    });

    it("after each step", campaign, async () => {
      const before = await installFirst();
      const { steps } = await install(second());
      await install(first());
      await ask();
      const left = await everything();
      for (const [at, { type }] of steps.entries()) {
        expect({ type, ...(await interrupt(at)) }).toEqual({ type, ...interrupted, left });
        expect({ type, ...(await killAndRepair(before, at)) }).toEqual({ type, ...repaired, left });
      }
    });

    it("at a random moment", campaign, async () => {
      const before = await installFirst();
      const socketsOf = ({ running }: Everything) => running.filter((unit) => unit.includes(".socket "));
      const { units } = before.everything;
      const expected = { broken: [], error: undefined, units, sockets: socketsOf(before.everything) };
      let seed = 14;
      for (let round = 0; round < 30; round += 1) {
        // Numerical Recipes' generator: the moments are the same each time.
        seed = (seed * 1_664_525 + 1_013_904_223) % 2 ** 32;
        const killed = start(second());
        const timer = setTimeout(() => killed.child.kill("SIGKILL"), (seed / 2 ** 32) * 800);
        await killed.ended;
        clearTimeout(timer);
        const broken = await halves(before.whole);
        const { error } = await install(first());
        const now = await everything();
        const outcome = { round, broken, error, units: now.units, sockets: socketsOf(now) };
        expect(outcome).toEqual({ round, ...expected });
        await ask();
      }
    });
  });

  it("is the one thing that the doctor names when it was killed with half of its files written", async () => {
    await install(plan(), { killAt: "written" });
    const { findings } = await askDoctor(systemd, "shop");
    expect(findings).toMatchObject([{ code: "install-interrupted", severity: "error" }]);
  });

  it("while it undoes its changes, can be uninstalled", campaign, async () => {
    const app = "/etc/shop-app.mjs";
    const program = `${systemd.project}/packages/cli/test/programs/every-socket.mjs`;
    const broken = (fields: Partial<AppDescription> = {}) => plan({ exec: [systemd.node, app], ...fields });
    await systemd.write(app, `await import("${program}");\n`);
    await install(broken());
    await ask();
    await systemd.write(app, `throw new Error("no database");\n`);
    expect((await install(broken({ description: "Version 2" }), { killAt: "undoing" })).steps.at(-1)).toEqual(
      { type: "undoing" },
    );
    const { error, steps } = await install(broken(), { uninstall: true });
    expect(error).toBeUndefined();
    expect(steps[0]).toEqual({ type: "recovered" });
    expect(await everything()).toEqual(nothing);
  });
});
