import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { install, sockact } from "./services.ts";

describeWith({ privateSystemd: true, systemd: 253, commands: ["logger"] }, "the entry of a command", () => {
  let systemd: PrivateSystemd;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    await install(systemd, { name: "shop", sockets: [{ listen: 80 }] });
  });
  afterAll(() => systemd?.close());

  async function entries(): Promise<Record<string, string>[]> {
    const script = "journalctl --sync; exec journalctl --output=json SOCKACT_EVENT=command";
    const lines = await systemd.mustRun(["sh", "-ec", script]);
    return lines.split("\n").flatMap((line) => (line === "" ? [] : JSON.parse(line)));
  }

  it("says what it has changed, and how long it took, and is none for a command that changes nothing", async () => {
    expect(await sockact(systemd, "restart", "shop.service")).toMatchObject({ code: 0 });
    expect(await sockact(systemd, "drain", "shop")).toMatchObject({ code: 0 });
    expect(await sockact(systemd, "restart", "none")).toMatchObject({ code: 1 });
    expect(await sockact(systemd, "status")).toMatchObject({ code: 0 });
    expect(await sockact(systemd, "uninstall", "shop", "--dry-run")).toBeDefined();
    const all = await entries();
    expect(all.map(({ MESSAGE }) => MESSAGE!.replaceAll(/\d+ ms/g, "5 ms"))).toEqual([
      "sockact: restarted shop in 5 ms",
      "sockact: drained shop in 5 ms",
      expect.stringMatching(/^sockact: restart none failed after 5 ms \(SOCKACT_ERR_\w+\)$/),
    ]);
    expect(all[0]).toMatchObject({
      PRIORITY: "6",
      SYSLOG_IDENTIFIER: "sockact",
      SOCKACT_COMMAND: "restart",
      SOCKACT_APP: "shop",
      SOCKACT_RESULT: "success",
      SOCKACT_DURATION_USEC: expect.stringMatching(/^\d+$/),
    });
    expect(all[2]).toMatchObject({ PRIORITY: "3", SOCKACT_RESULT: "failure" });
  });
});
