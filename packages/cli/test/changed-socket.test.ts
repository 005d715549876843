// A socket unit whose address has changed while it was open. After `daemon-reload`, systemd calls it active,
// and has no descriptor for it.
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ask } from "./doctor.ts";
import { install, sockact } from "./services.ts";

describeWith({ privateSystemd: true, systemd: 253 }, "a socket whose address has changed", () => {
  let systemd: PrivateSystemd;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());

  /** Installs a service with handover, and changes the address of its socket. */
  const change = async (name: string, from: number, to: number, fields: object = {}): Promise<void> => {
    await install(systemd, { name, sockets: [{ listen: from }], handover: true, ...fields });
    const socket = `${name}.socket`;
    await systemd.request(`http://127.0.0.1:${from}/`);
    const path = await systemd.show(socket, "FragmentPath");
    await systemd.mustRun(["sed", "-i", `s/ListenStream=${from}/ListenStream=${to}/`, path]);
    await systemd.systemctl("daemon-reload");
  };
  const status = async (name: string) => {
    const { stdout } = await sockact(systemd, "status", name, "--json");
    return (JSON.parse(stdout) as { services: [Record<string, unknown>] }).services[0];
  };

  it("is shown as one that does not listen, until a restart opens it", async () => {
    await change("shop", 80, 8080);
    expect(await status("shop")).toMatchObject({
      state: "awake",
      sockets: [
        { unit: "shop.socket", active: "active", addresses: [{ address: "[::]:8080", listens: false }] },
      ],
      warnings: expect.arrayContaining([
        {
          code: "not-listening",
          units: ["shop.socket"],
          message: "shop.socket does not listen on [::]:8080, because its unit has changed while it was open",
          fix: "sockact restart shop",
        },
      ]),
    });
    const { stdout } = await sockact(systemd, "status", "shop");
    expect(stdout).toMatch(
      / {2}Sockets +shop\.socket: does not listen, .*\n +\[::\]:8080: does not listen\n/,
    );

    const found = (await ask(systemd, "shop")).finding("socket-not-open");
    expect(found.message).toBe(
      "shop.socket is active, but nothing listens on [::]:8080. Its clients are refused.",
    );
    expect(found.evidence[0]!.text).toMatch(
      /no open socket file descriptor left|no socket file descriptors are open/,
    );
    expect(found.copy).toEqual(["sockact restart shop"]);

    const reload = await sockact(systemd, "reload", "shop");
    expect(reload.code).toBe(0);
    expect(reload.stderr).toMatch(
      /^Reloading shop\nshop\.socket does not listen on \[::\]:8080, because .*\. The reload does not change that\.\n.*reloading\n/,
    );
    expect(reload.stdout).toMatch(
      /\nshop\.socket does not listen on .*\nTo apply it: sockact restart shop\n$/,
    );

    const restart = await sockact(systemd, "restart", "shop");
    expect(restart.code).toBe(0);
    expect(restart.stdout).toMatch(
      /^shop restarted in .*\. shop\.socket was opened again, because its unit had changed\.\n$/,
    );
    expect((await systemd.request("http://127.0.0.1:8080/")).status).toBe(200);
    expect(await status("shop")).toMatchObject({ sockets: [{ addresses: [{ listens: true }] }] });
    expect((await ask(systemd, "shop")).codes).not.toContain("socket-not-open");
    expect((await sockact(systemd, "restart", "shop")).stdout).toContain("Its sockets stayed open.");
  });

  it("does not wake its service, so that service is not asleep", async () => {
    await change("blog", 81, 8081);
    await systemd.stop("blog.service");
    expect(await status("blog")).toMatchObject({ state: "stopped" });
    const reload = await sockact(systemd, "reload", "blog");
    expect(reload.code).toBe(1);
    expect(reload.stderr).toContain(
      "blog is stopped: it does not run, and no socket listens (SOCKACT_ERR_RELOAD)",
    );
    const restart = await sockact(systemd, "restart", "blog", "--json");
    expect(JSON.parse(restart.stdout)).toMatchObject({ outcome: "asleep", reopened: ["blog.socket"] });
    expect((await systemd.request("http://127.0.0.1:8081/")).status).toBe(200);
  });

  it("is not restarted with one instance of a pair", async () => {
    await change("pair", 82, 8082, { handover: false, rolling: true });
    const { code, stderr } = await sockact(systemd, "restart", "pair");
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /pair\.socket does not listen on \[::\]:8082, .*\(SOCKACT_ERR_RESTART\)\n.*systemctl restart pair\.socket\n/,
    );
  });

  it("is not restarted before systemd has read its file", async () => {
    await install(systemd, { name: "edited", sockets: [{ listen: 83 }] });
    await systemd.request("http://127.0.0.1:83/");
    await systemd.write("/run/systemd/system/edited.socket.d/10.conf", "[Socket]\nBacklog=10\n");
    const { code, stderr } = await sockact(systemd, "restart", "edited");
    expect(code).toBe(1);
    expect(stderr).toMatch(/edited\.socket has changed on disk.*\n.*systemctl daemon-reload/);
  });
});
