// A service with LogNamespace= has its own journal: the commands that say why a start failed look there too.
import { describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { ask, bootForDoctor } from "./doctor.ts";
import { sockactInside } from "./run.ts";
import { install, release, sockact } from "./services.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describeWith({ privateSystemd: true, systemd: 253, tags: "campaign" }, "a service with LogNamespace=", () => {
  const raw = { Service: { LogNamespace: "own" } };
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootForDoctor();
  });
  afterAll(() => systemd?.close());

  test("restart and doctor quote its error", async () => {
    await install(systemd, { name: "apart", sockets: [{ listen: 85 }], raw });
    await systemd.request("http://127.0.0.1:85/");
    await release(systemd, "apart", { crash: true });
    const { code, stdout, stderr } = await sockact(systemd, "restart", "apart");
    expect(code).toBe(1);
    expect(stdout + stderr).toContain("this release is broken");
    const { evidence } = (await ask(systemd, "apart")).finding("app-crashed");
    expect(evidence[0]?.text).toMatch(/^Error: this release is broken/);
  });

  test("install quotes its error", async () => {
    const exec = [systemd.node, "/srv/bad/bad.cjs"];
    const config = { name: "bad", exec, sockets: [{ listen: 86 }], raw };
    await systemd.write("/srv/bad/bad.cjs", `throw new Error("no database");\n`);
    await systemd.write("/srv/bad/sockact.config.json", JSON.stringify(config));
    const script = `cd /srv/bad && exec "$@"`;
    const command = ["sh", "-c", script, "sh", ...sockactInside(systemd), "install", "--yes"];
    const { code, stdout, stderr } = await systemd.run(command, { timeout: 60_000 });
    expect(code).toBe(1);
    expect(stdout + stderr).toContain("no database");
  });
});
