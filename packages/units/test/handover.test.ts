import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { emitUnits, type AppDescription } from "../src/index.ts";

const url = "http://127.0.0.1/";

describeWith({ privateSystemd: true, systemd: 253 }, "systemctl reload of a service with handover", () => {
  let systemd: PrivateSystemd;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    await systemd.mustRun(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/srv"]);
  });
  afterAll(() => systemd?.close());
  afterEach(async () => {
    // From systemd 262 on, a name that no unit has keeps the others from being stopped.
    await systemd.run(["systemctl", "stop", "app.*", "app@*"]);
    await systemd.run(["systemctl", "reset-failed"]);
  });

  const describedBy = (more: Partial<AppDescription>): AppDescription => ({
    name: "app",
    exec: [systemd.node, `${systemd.project}/packages/units/test/programs/hands-over.mjs`],
    environment: { FLAGS: "create" },
    hardening: "inbound",
    handover: true,
    sockets: [{ listen: 80, name: "app.socket" }],
    ...more,
  });

  /** Starts the stand-in for an app, and returns its process ID, which is its answer. */
  async function start(more: Partial<AppDescription> = {}): Promise<string> {
    await systemd.installUnits(emitUnits(describedBy(more)));
    await systemd.start("app.socket");
    return answer();
  }

  const answer = async (): Promise<string> => (await systemd.request(url)).body;

  /**
   * Reloads the service, and returns the exit status of systemctl and what the journal has of this reload.
   */
  async function reload(
    plan: "works" | "drains" | "fails" | "ends",
    unit = "app.service",
  ): Promise<{ code: number; journal: string[] }> {
    const before = await systemd.journal(unit);
    await systemd.write("/run/plan", plan);
    const { code } = await systemd.run(["systemctl", "reload", unit]);
    return { code, journal: (await systemd.journal(unit)).slice(before.length) };
  }

  describe.each<[string, Partial<AppDescription>]>([
    ["inbound, as a user that exists only meanwhile", {}],
    ["outbound", { hardening: "outbound" }],
    ["without a sandbox, as an account", { hardening: "none", user: "daemon" }],
    ["when the app opens the file only to write", { environment: { FLAGS: "write only" } }],
  ])("%s", (_, more) => {
    it("succeeds when the new version serves, and fails when it does not, in any order", async () => {
      let pid = await start(more);
      // A process whose predecessor still drains may not end at once: systemd would not know whose message
      // MAINPID= was.
      for (const plan of ["works", "fails", "fails", "works", "drains", "fails"] as const) {
        const works = plan !== "fails";
        const before = pid;
        const { code, journal } = await reload(plan);
        pid = await answer();
        expect({ plan, code, isNew: pid !== before }).toEqual({ plan, code: works ? 0 : 1, isNew: works });
        // systemd sends no signal itself.
        expect(journal.filter((line) => line.startsWith("SIGHUP"))).toEqual([`SIGHUP of ${before}`]);
        const reason = "SOCKACT_ERR_HANDOVER_EXITED: the new process ended with status 1.";
        expect(journal.includes(reason)).toBe(!works);
        expect(await systemd.show("app.service", "MainPID")).toBe(pid);
        expect(await systemd.show("app.service", "ActiveState")).toBe("active");
        const status = works ? `took over from ${before}` : "keeps serving";
        expect(await systemd.show("app.service", "StatusText")).toBe(status);
      }
      expect(await systemd.show("app.service", "NRestarts")).toBe("0");
    });
  });

  it("fails at once when the app ends meanwhile, and the next client is served", async () => {
    const pid = await start();
    expect((await reload("ends")).code).toBe(1);
    expect(await answer()).not.toBe(pid);
    expect(await systemd.show("app.service", "NRestarts")).toBe("1");
  });

  it("hands over each of the instances that take turns", async () => {
    const blue = await start({ rolling: true });
    await systemd.start("app@green.service");
    expect((await reload("works", "app@blue.service")).code).toBe(0);
    expect((await reload("fails", "app@green.service")).code).toBe(1);
    await systemd.stop("app@green.service");
    expect((await reload("works", "app@blue.service")).code).toBe(0);
    expect(await answer()).toBe(await systemd.show("app@blue.service", "MainPID"));
    expect(await answer()).not.toBe(blue);
  });

  it("works under the service manager of a user", async () => {
    const env = { XDG_RUNTIME_DIR: "/run/user/0" };
    const asUser = (...args: string[]) => systemd.run(["systemctl", "--user", ...args], { env });
    await systemd.mustRun(["sh", "-c", "mkdir -p /run/user && mkdir -m 700 /run/user/0"]);
    await systemd.start("user@0.service");
    const units = emitUnits(describedBy({ manager: "user", uid: 0, hardening: "none" }));
    for (const [unit, text] of Object.entries(units))
      await systemd.write(`/run/user/0/systemd/user/${unit}`, text);
    await asUser("daemon-reload");
    await asUser("start", "app.socket");
    const pid = await answer();
    for (const [plan, code] of [
      ["fails", 1],
      ["works", 0],
    ] as const) {
      await systemd.write("/run/plan", plan);
      expect(await asUser("reload", "app.service")).toMatchObject({ code });
    }
    expect(await answer()).not.toBe(pid);
    await systemd.stop("user@0.service");
  });

  it.each<[string, Partial<AppDescription>]>([
    ["outbound, with a preload", { hardening: "outbound", preload: true }],
    ["without a sandbox, with instances that take turns", { hardening: "none", rolling: true }],
  ])("replaces an app of sockact by its new version: %s", async (_, more) => {
    const unit = more.rolling === true ? "app@blue.service" : "app.service";
    const modules = `${systemd.project}/packages`;
    const release = (version: string) =>
      systemd.write(
        "/srv/app/server.mjs",
        `import http from "node:http";
import { listen } from "${modules}/core/dist/index.js";
if (${version} < 0) process.exit(3);
const server = http.createServer((_, response) => response.end("${version}"));
${more.preload === undefined ? "await listen(server)" : "server.listen(3000)"};
`,
      );
    await release("1");
    await start({
      exec: [systemd.node, "/srv/app/server.mjs"],
      environment: {},
      ...more,
      ...(more.preload === undefined ? {} : { preload: `${modules}/register/dist/index.cjs` }),
    });
    for (const version of ["2", "-1", "3"]) {
      const before = await systemd.show(unit, "MainPID");
      const served = await answer();
      await release(version);
      const { code } = await systemd.run(["systemctl", "reload", unit]);
      const works = version !== "-1";
      expect([version, code, await answer()]).toEqual([version, works ? 0 : 1, works ? version : served]);
      expect((await systemd.show(unit, "MainPID")) === before).toBe(!works);
    }
    expect(await systemd.journal(unit)).toContainEqual(
      expect.stringMatching(/^SOCKACT_ERR_HANDOVER_EXITED: /),
    );
  });
});
