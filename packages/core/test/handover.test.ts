import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bootPrivateSystemd, describeWith, type PrivateSystemd, SANDBOXED_APP } from "@sockact/testkit";
// By its path, because @sockact/units has the testkit as a dependency.
import { emitUnits } from "../../units/src/index.ts";

const programs = fileURLToPath(new URL("programs", import.meta.url));

describeWith({ privateSystemd: true, systemd: 253 }, "a handover at systemctl reload", () => {
  let systemd: PrivateSystemd;
  const program = (name: string): string =>
    `${systemd.project}${programs.slice(programs.indexOf("/packages/"))}/${name}`;
  const mainPid = (): Promise<string> => systemd.show("app.service", "MainPID");
  /** The processes of the service. */
  const processes = async (): Promise<string[]> =>
    (await systemd.mustRun(["cat", "/sys/fs/cgroup/system.slice/app.service/cgroup.procs"]))
      .trim()
      .split("\n");
  const reloads = async (): Promise<number> =>
    (await systemd.journal("app.service", "service")).filter((line) => line === "sockact: reloading").length;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    const exec = [systemd.node, program("handover.mjs")];
    await systemd.installUnits(emitUnits({ ...SANDBOXED_APP, exec, handover: true }));
    await systemd.start("app.socket");
  });
  afterAll(() => systemd?.close());

  test("the same connection is answered by the new process, and each reload starts one", async () => {
    const client = systemd.spawn([systemd.node, program("keep-alive-client.mjs"), "http://localhost/"]);
    const answers = createInterface({ input: client.stdout! })[Symbol.asyncIterator]();
    const ask = async (): Promise<unknown> => {
      client.stdin!.write("\n");
      return JSON.parse((await answers.next()).value as string);
    };
    let old = (await ask()) as { body: string };
    expect(old).toMatchObject({ body: await mainPid(), connections: 1 });
    for (let time = 1; time <= 3; time++) {
      await systemd.systemctl("reload", "app.service");
      const pid = await mainPid();
      expect(pid).not.toBe(old.body);
      expect(await systemd.show("app.service", "StatusText")).toBe(
        `Serving [::]:80; took over from process ${old.body}`,
      );
      await systemd.waitUntil(async () => (await processes()).length === 1, "the old process has ended");
      expect(await processes()).toEqual([pid]);
      old = (await ask()) as { body: string };
      expect(old).toEqual({ body: pid, connections: 1 });
      expect(await reloads()).toBe(time);
    }
    expect(await systemd.journal("app.service")).not.toContainEqual(expect.stringContaining("not our child"));
  });

  test("systemctl stop drains the process that has taken over, and waits for it", async () => {
    await systemd.start("app.service");
    await systemd.systemctl("reload", "app.service");
    await systemd.waitUntil(async () => (await processes()).length === 1, "the old process has ended");
    const pid = await mainPid();
    await systemd.stop("app.service");
    expect(await systemd.show("app.service", "Result")).toBe("success");
    const lines = await systemd.journal("app.service", "service");
    expect(lines.at(-1)).toBe("sockact: drained");
    expect(lines.at(-2)).toMatch(/^sockact: SIGTERM: draining/);
    expect(pid).not.toBe("0");
  });

  test("systemd notices at once when the new process is killed", async () => {
    await systemd.start("app.service");
    await systemd.systemctl("reload", "app.service");
    const pid = await mainPid();
    await systemd.mustRun(["kill", "-KILL", pid]);
    await systemd.waitUntil(async () => ![pid, "0"].includes(await mainPid()), "the service has restarted");
    expect(await systemd.request("http://localhost/")).toMatchObject({ status: 200, body: await mainPid() });
  });
});
