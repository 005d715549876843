import { describeWith, isLongRun, LONG_ONLY, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { ask, bootForDoctor, doctorCommand, install, plainServer, remove } from "./doctor.ts";

describeWith({ privateSystemd: true }, "sockact doctor, on the state of the units", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootForDoctor();
    await systemd.write("/srv/shop/server.js", plainServer);
  });
  afterAll(() => systemd?.close());
  afterEach(() => remove(systemd, "shop"));

  it("finds nothing in a pair that works, asleep and awake", async () => {
    await install(systemd, { name: "shop" });
    expect(await ask(systemd, "shop")).toMatchObject({ code: 0, findings: [], unseen: [] });
    await systemd.request({ url: "http://localhost/", socketPath: "/run/shop.sock" });
    expect(await ask(systemd, "shop.socket")).toMatchObject({ code: 0, findings: [], unseen: [] });
    const { stdout, code } = await systemd.run(doctorCommand(systemd));
    expect(stdout).toBe(
      "shop.service with shop.socket\n\n✔ nothing found\n\n1 service: 0 errors, 0 warnings\n",
    );
    expect(code).toBe(0);
  });

  it("says which unit is masked, and how to unmask it", async () => {
    await install(systemd, { name: "shop" });
    await systemd.mustRun(["systemctl", "mask", "--runtime", "--now", "shop.service"]);
    // A file in /etc goes before a mask in /run.
    await systemd.mustRun(["rm", "/etc/systemd/system/shop.service"]);
    await systemd.systemctl("daemon-reload");
    const answer = await ask(systemd, "shop");
    expect(answer.codes).not.toContain("service-missing");
    expect(answer.code).toBe(2);
    expect(answer.finding("unit-not-loaded")).toMatchObject({
      unit: "shop.service",
      evidence: expect.arrayContaining([{ text: "LoadState=masked", source: "systemctl show shop.service" }]),
      copy: ["systemctl unmask --runtime shop.service"],
    });
    await systemd.mustRun(["systemctl", "unmask", "--runtime", "shop.service"]);
  });

  it("has the reason why a unit can't be loaded", async () => {
    await install(systemd, { name: "shop" }, (text, file) =>
      file === "shop.service" ? text.replace(/^ExecStart=.*\n/m, "") : text,
    );
    const answer = await ask(systemd, "shop");
    expect(answer.finding("unit-not-loaded")).toMatchObject({
      unit: "shop.service",
      message: expect.stringMatching(/^shop\.service is bad-setting: /),
      copy: ["systemd-analyze verify /etc/systemd/system/shop.service", "systemctl daemon-reload"],
    });
  });

  it("says that the service of a socket is not there", async () => {
    await install(systemd, { name: "shop" });
    await systemd.mustRun(["rm", "/etc/systemd/system/shop.service"]);
    await systemd.systemctl("daemon-reload");
    const answer = await ask(systemd, "shop");
    expect(answer.finding("unit-not-loaded")).toMatchObject({
      unit: "shop.service",
      message: expect.stringContaining("not-found"),
    });
  });

  it("ends with 3 where there is no such unit, and names the one that is meant", async () => {
    await install(systemd, { name: "shop" });
    const { stderr, code } = await systemd.run(doctorCommand(systemd, "shopp"));
    expect(stderr).toMatch(/ERR_UNIT_UNKNOWN[^]*Did you mean shop\?/);
    expect(code).toBe(3);
  });

  it.runIf(isLongRun)(
    `reads the end of a journal that is longer than it can read at once${LONG_ONLY}`,
    async () => {
      const line = String.raw`console.log("\x7f".repeat(47_000))`;
      await systemd.write(
        "/srv/shop/large.js",
        `for (let at = 0; at < 400; at += 1) ${line}; throw new Error("too large");`,
      );
      await install(systemd, { name: "shop", exec: [systemd.node, "/srv/shop/large.js"] }, (text) =>
        text.replace(/^RestartSec=.*/m, "RestartSec=1h"),
      );
      await systemd.run(["systemctl", "start", "--no-block", "shop.service"]);
      // systemd may say that it has failed before journald has read all that it has printed.
      await systemd.waitForJournal("shop.service", /too large/, 20_000);
      await systemd.waitForJournal("shop.service", /Failed with result/, 20_000);
      const answer = await ask(systemd, "shop");
      expect(answer.finding("app-crashed").evidence[0]!.text).toMatch(/^Error: too large\n/);
      expect(answer.unseen).toEqual([]);
    },
  );
});
