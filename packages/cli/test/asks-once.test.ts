// How often commands ask systemd about a unit, which takes systemd 2 ms each time.
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { emitUnits } from "@sockact/units";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { sockactInside } from "./run.ts";

/** A folder with a systemctl that writes down its arguments. */
const FOLDER = "/run/asked";

describeWith({ privateSystemd: true, systemd: 253 }, "a reading", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    const exec = ["/bin/sleep", "infinity"];
    await systemd.installUnits({
      ...emitUnits({ name: "shop", exec, sockets: [{ listen: 80 }] }),
      ...emitUnits({ name: "pair", exec, sockets: [{ listen: 81 }], rolling: true }),
    });
    await systemd.start("shop.socket", "pair.socket");
  });
  afterAll(() => systemd?.close());
  beforeEach(() => intercept(""));

  /** Also runs these shell commands after systemctl. */
  const intercept = async (after: string) =>
    systemd.write(
      `${FOLDER}/systemctl`,
      `#!/bin/sh\necho "$*" >>${FOLDER}/lines\n/usr/bin/systemctl "$@"\nstatus=$?\n${after}\nexit $status\n`,
      0o755,
    );

  const run = async (...args: string[]): Promise<string> => {
    await systemd.write(`${FOLDER}/lines`, "");
    return systemd.mustRun(["env", `PATH=${FOLDER}:/usr/bin:/bin`, ...sockactInside(systemd), ...args]);
  };

  /** The units about which `systemctl show` was asked since {@link run}. */
  async function asked(): Promise<string[]> {
    const lines = (await systemd.mustRun(["cat", `${FOLDER}/lines`])).split("\n");
    const shows = lines.filter((line) => / show .* -- /.test(line));
    return shows.flatMap((line) => line.replace(/.* -- /, "").split(" ")).toSorted();
  }

  it.each(["status", "status shop", "metrics"])(
    "of sockact %s asks about each unit once",
    async (command) => {
      await run(...command.split(" "));
      const units = await asked();
      expect(units).toEqual(expect.arrayContaining(["shop.service", "shop.socket"]));
      expect(units).toEqual([...new Set(units)]);
    },
  );

  it("shows what has changed since systemd was asked", async () => {
    await intercept('case "$*" in *shop.service*) /usr/bin/systemctl start shop.service;; esac');
    expect(await run("metrics")).toContain('\nsockact_app_state{app="shop",state="awake"} 1\n');
  });
});
