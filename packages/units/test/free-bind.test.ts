import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { emitUnits, type SocketDescription } from "../src/index.ts";

describeWith({ privateSystemd: true, commands: ["ip"] }, "an address that no interface has yet", () => {
  let systemd: PrivateSystemd;
  const answer = `require("node:http").createServer((_, response) => response.end("served")).listen({ fd: 3 })`;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());

  const install = (name: string, socket: SocketDescription) =>
    systemd.installUnits(
      emitUnits({ name, exec: [systemd.node, "--eval", answer], hardening: "none", sockets: [socket] }),
    );

  it.each([
    ["early4", "10.11.12.13:80", "10.11.12.13/32"],
    ["early6", "[2001:db8::5]:80", "2001:db8::5/128"],
  ])("is listened on, and served once an interface has it: %s", async (name, listen, address) => {
    await install(name, { listen });
    await systemd.start(`${name}.socket`);
    expect(await systemd.show(`${name}.socket`, "ActiveState")).toBe("active");
    await systemd.mustRun(["ip", "address", "add", address, "dev", "lo"]);
    expect((await systemd.request(`http://${listen}/`)).body).toBe("served");
  });

  it("is not listened on if the description says so", async () => {
    await install("late", { listen: "10.11.12.14:80", freeBind: false });
    await expect(systemd.start("late.socket")).rejects.toThrow("late.socket");
    expect(await systemd.show("late.socket", "ActiveState")).toBe("failed");
  });
});
