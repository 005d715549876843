// Rolling restarts of a service that does not start again at once after a crash, or whose new instance does
// not stay up.
import { describeWith } from "@sockact/testkit";
import { afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { turned } from "./roll.ts";
import { shopInTrouble } from "./trouble.ts";

describeWith(
  { privateSystemd: true, systemd: 253, tags: "campaign" },
  "a rolling restart with crashes",
  () => {
    const shop = shopInTrouble();
    const { install, release, ask, state, roll, StandIn } = shop;
    const [blue, green] = ["long@blue.service", "long@green.service"];
    const until = (unit: string, property: string, value: string) =>
      `until [ "$(systemctl show --value --property=${property} ${unit})" = ${value} ]; do :; done`;
    const showFailsOnce = {
      "*' start '*": '$real "$@"; touch /run/stand-in/started; exit 0',
      "*' show '*": "if rm /run/stand-in/started 2>&-; then echo boom >&2; exit 1; fi",
    };
    const both = async () => [await state(blue), await state(green)];

    beforeAll(() => install("long", [{ listen: 88 }], undefined, { restartSec: "9min", idleTimeout: "1h" }));
    beforeEach(() => shop.systemd.start("long.socket"));
    afterEach(async () => {
      await shop.systemd.run(["systemctl", "kill", "--signal=KILL", blue, green]);
      await shop.systemd.stop("long.socket", blue, green);
    });

    async function crashAtStart(...units: string[]): Promise<void> {
      await release({ version: 1, crash: true });
      await shop.systemd.run(["systemctl", "start", ...units]);
      for (const unit of units) await shop.systemd.waitForUnit(unit, "SubState", "auto-restart");
    }

    it("keeps the new instance running if the old one does not serve, although a systemctl show fails", async () => {
      await crashAtStart(blue);
      await release({ version: 2 });
      const { env } = await StandIn.running("systemctl", showFailsOnce);
      expect(await roll("long", env).error()).toMatchObject({
        code: "SOCKACT_ERR_ROLL_SYSTEMCTL",
        message: `systemctl show ${blue} ${green} exited with 1: boom. ${green} was not stopped again: ${blue} does not serve. ${blue} is activating, and ${green} is active`,
        hint: "Call rollingRestart again. It repairs the state that this call has left.",
      });
      expect(await both()).toEqual(["activating", "active"]);
      expect(await ask(88)).toBe(2);
      expect(await roll("long").result()).toEqual(turned("green", "blue"));
    });

    it("keeps the new instance running if the old one does not serve, although it is aborted", async () => {
      await crashAtStart(blue);
      await release({ version: 2 });
      const standIn = await StandIn.hanging("systemctl", "*' start '*", '$real "$@"');
      const child = roll("long", standIn.env);
      await standIn.pids();
      child.abort();
      expect(await child.error()).toMatchObject({ message: "enough" });
      expect(child.lines.at(-2)).toEqual({
        type: "aborted",
        states: { blue: "activating", green: "active" },
      });
      expect(await both()).toEqual(["activating", "active"]);
    });

    it("reports a new instance that can't be stopped again", async () => {
      await shop.systemd.start(blue);
      await release({ version: 2, crash: true });
      const { env } = await StandIn.running("systemctl", { "*' stop '*": "echo no >&2; exit 1" });
      const { code, message, hint } = await roll("long", env).error();
      expect({ code, message }).toEqual({
        code: "SOCKACT_ERR_ROLL_START",
        message: `${green} did not become ready. ${green} was not stopped again: no. ${blue} is active, and ${green} is activating`,
      });
      expect(hint).toMatch(/journalctl --unit long@green\.service\nCall rollingRestart again\./);
      await release({ version: 3 });
      expect(await roll("long").result()).toEqual(turned("blue", "green"));
    });

    it("reports unknown states if systemctl no longer answers", async () => {
      await shop.systemd.start(blue);
      const { env } = await StandIn.running("systemctl", {
        ...showFailsOnce,
        "*' show '*": "if [ -e /run/stand-in/started ]; then echo boom >&2; exit 1; fi",
      });
      expect(await roll("long", env).error()).toMatchObject({
        code: "SOCKACT_ERR_ROLL_SYSTEMCTL",
        message: `systemctl show ${blue} ${green} exited with 1: boom. ${green} was not stopped again: systemctl show ${blue} ${green} exited with 1: boom. The state of the instances is not known`,
        hint: "Call rollingRestart again. It repairs the state that this call has left.",
      });
      expect(await both()).toEqual(["active", "active"]);
    });

    it("reports both states when a systemctl show fails before the old instance is stopped", async () => {
      await shop.systemd.start(blue);
      const { env } = await StandIn.running("systemctl", {
        "*' show '*": "if rm /run/stand-in/ready 2>&-; then echo boom >&2; exit 1; fi",
      });
      const child = roll("long", env, { runAt: { ready: "touch /run/stand-in/ready" } });
      expect(await child.error()).toMatchObject({
        code: "SOCKACT_ERR_ROLL_SYSTEMCTL",
        message: `systemctl show ${blue} ${green} exited with 1: boom. ${blue} was not stopped. ${blue} is active, and ${green} is active`,
        hint: "Call rollingRestart again. It repairs the state that this call has left.",
      });
    });

    it("restarts into the release that works when both instances crash", async () => {
      await crashAtStart(blue, green);
      await release({ version: 2 });
      expect(await roll("long").result()).toMatchObject({ outcome: "turned", from: "blue", to: "green" });
      expect(await ask(88)).toBe(2);
      expect(await state(green)).toBe("active");
    });

    it("reports when systemd restarts a new instance that crashes while the old one drains", async () => {
      await shop.systemd.start(blue);
      const crash = `systemctl kill --signal=KILL ${green}; ${until(green, "SubState", "auto-restart")}`;
      expect(await roll("long", [], { runAt: { stopping: crash } }).error()).toMatchObject({
        code: "SOCKACT_ERR_ROLL_LOST",
        message: `${green} no longer serves: it is activating (signal); systemd starts it again after its RestartSec=, 9min`,
      });
    });

    it("succeeds although the new instance goes to sleep as soon as it is ready", async () => {
      await shop.systemd.start(blue);
      await release({ version: 2, sleepy: true });
      const child = roll("long");
      expect(await child.result()).toEqual(turned("blue", "green"));
      expect(child.lines.slice(0, -1)).toEqual([
        { type: "starting", instance: "green" },
        { type: "ready", instance: "green" },
        { type: "stopping", instance: "blue" },
        { type: "stopped", instance: "blue", drained: true },
      ]);
      expect(await both()).toEqual(["inactive", "inactive"]);
      await release({ version: 3 });
      expect(await ask(88)).toBe(3);
    });

    it("succeeds although the new instance goes to sleep before the old one is stopped", async () => {
      await shop.systemd.start(blue);
      const sleep = `systemctl kill --signal=USR2 ${green}; ${until(green, "ActiveState", "inactive")}`;
      expect(await roll("long", [], { runAt: { ready: sleep } }).result()).toEqual(turned("blue", "green"));
      expect(await both()).toEqual(["inactive", "inactive"]);
    });

    it.each([
      ["a condition", "[Unit]\nConditionPathExists=/nonexistent\n"],
      ["an ExecCondition=", "[Service]\nExecCondition=/bin/false\n"],
    ])("keeps the old instance where %s skips the start of the new one", async (_, text) => {
      await shop.systemd.start(blue);
      const dropIn = "/run/systemd/system/long@green.service.d";
      await shop.systemd.write(`${dropIn}/skip.conf`, text);
      await shop.systemd.systemctl("daemon-reload");
      expect(await roll("long").error()).toMatchObject({
        code: "SOCKACT_ERR_ROLL_START",
        message: `${green} did not become ready; ${blue} keeps serving`,
      });
      expect(await both()).toEqual(["active", "inactive"]);
      await shop.systemd.run(["rm", "-r", dropIn]);
      await shop.systemd.systemctl("daemon-reload");
    });
  },
);
