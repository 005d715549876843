import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { lintUnits } from "../src/index.ts";

describeWith({ privateSystemd: true }, "what the linter says of a running systemd", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());

  async function install(files: Record<string, string>): Promise<string[]> {
    await systemd.installUnits(files, { verify: false });
    return lintUnits(files).map(({ code }) => code);
  }

  it.each([
    ["ListenStream=81\nListenStream=0.0.0.0:81", true],
    ["ListenStream=81\nListenStream=127.0.0.1:81", true],
    ["ListenStream=127.0.0.1:81\nListenStream=[::]:81", true],
    ["ListenStream=[::]:81\nListenStream=[::1]:81", true],
    ["ListenStream=0.0.0.0:81\nListenStream=127.0.0.1:81", true],
    ["ListenDatagram=81\nListenDatagram=0.0.0.0:81", false],
    ["ListenStream=/run/a.sock\nListenStream=/run/a.sock", false],
    ["ListenStream=81\nListenDatagram=81", false],
    ["ListenStream=0.0.0.0:81\nListenStream=[::1]:81", false],
    ["ListenStream=127.0.0.1:81\nListenStream=[::1]:81", false],
    ["ListenStream=81\nListenStream=0.0.0.0:81\nBindIPv6Only=ipv6-only", false],
    ["ListenStream=[::]:81\nListenStream=[::1]:81\nBindIPv6Only=ipv6-only", true],
    ["ListenStream=81\nListenStream=0.0.0.0:81\nReusePort=yes", false],
  ])("is so of two addresses: %j", async (addresses, conflict) => {
    const codes = await install({
      "two.socket": `[Socket]\n${addresses}\n`,
      "two.service": "[Unit]\nRequires=two.socket\n[Service]\nExecStart=/bin/sleep infinity\n",
    });
    expect(codes.includes("address-conflict")).toBe(conflict);
    const { code } = await systemd.run(["systemctl", "start", "two.socket"]);
    await systemd.run(["sh", "-c", "systemctl stop two.socket; systemctl reset-failed two.socket"]);
    expect(code !== 0).toBe(conflict);
  });

  it.each(["", "RuntimeDirectoryPreserve=yes\n"])(
    "is so of a socket in a RuntimeDirectory=; %s",
    async (kept) => {
      const codes = await install({
        "folder.socket": "[Socket]\nListenStream=/run/folder/http.sock\n",
        "folder.service": `[Unit]\nWants=folder.socket\n[Service]\nExecStart=/bin/sleep infinity\nRuntimeDirectory=folder\n${kept}`,
      });
      expect(codes.includes("runtime-directory")).toBe(kept === "");
      await systemd.start("folder.service");
      await systemd.stop("folder.service");
      const { code } = await systemd.run(["test", "-S", "/run/folder/http.sock"]);
      await systemd.stop("folder.socket");
      expect(code === 0).toBe(kept !== "");
    },
  );

  it("is so of IPAddressDeny= in the socket unit", async () => {
    const codes = await install({
      "denied.socket": "[Socket]\nListenStream=127.0.0.1:83\nIPAddressDeny=any\n",
      "denied.service": "[Unit]\nRequires=denied.socket\n[Service]\nExecStart=/bin/sleep infinity\n",
    });
    expect(codes).toContain("clients-blocked");
    await systemd.start("denied.socket");
    await expect(systemd.request({ url: "http://127.0.0.1:83/", timeout: 500 })).rejects.toThrow(
      "no answer in 500 ms",
    );
    expect(await systemd.show("denied.service", "ActiveState")).toBe("inactive");
  });

  it("is so of a package manager and a shell before the app: the sockets are not for it", async () => {
    const seen = `echo "$LISTEN_PID $(test "$LISTEN_PID" = "$$" && echo ours)" > /run/seen`;
    await systemd.write("/run/app.sh", `${seen}\nexec sleep infinity`);
    for (const [command, ours] of [
      ["cd / ; sh /run/app.sh", false],
      ["cd / ; exec sh /run/app.sh", true],
    ] as const) {
      await install({
        "wrapped.socket": "[Socket]\nListenStream=84\n",
        "wrapped.service": `[Service]\nType=exec\nExecStart=/bin/sh -c '${command}'\n`,
      });
      await systemd.start("wrapped.socket", "wrapped.service");
      await systemd.waitUntil(
        async () => (await systemd.run(["test", "-s", "/run/seen"])).code === 0,
        "it ran",
      );
      expect((await systemd.mustRun(["cat", "/run/seen"])).includes("ours")).toBe(ours);
      await systemd.stop("wrapped.service");
      await systemd.mustRun(["rm", "/run/seen"]);
    }
  });
});
