import { describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ask, bootForDoctor } from "./doctor.ts";

describeWith({ privateSystemd: true, systemd: 253 }, "sockact doctor, on the examples", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootForDoctor();
  });
  afterAll(() => systemd?.close());

  it.each(["express", "koa", "fastify"])("finds nothing in that of %s", async (framework) => {
    const script = `${systemd.project}/examples/${framework}/write-units.js`;
    const written = await systemd.mustRun([systemd.node, script, "/etc/systemd/system"]);
    const sockets = written.match(/[^/\n]+\.socket$/gm)!;
    await systemd.systemctl("daemon-reload");
    await systemd.systemctl("enable", "--now", ...sockets);
    const service = `example-${framework}.service`;
    expect(await ask(systemd, service)).toMatchObject({ code: 0, findings: [], unseen: [] });
    await systemd.request("http://localhost/");
    expect(await ask(systemd, service)).toMatchObject({ code: 0, findings: [], unseen: [] });
    // Without root it finds nothing wrong either, and says what it could not see.
    const asNobody = await ask(systemd, service, ["setpriv", "--reuid=65534", "--clear-groups"]);
    expect(asNobody).toMatchObject({ code: 0, findings: [] });
    expect(asNobody.unseen.map(({ what }) => what)).toEqual([
      "The journal may be hidden from you.",
      `The open files of ${service} are hidden from you.`,
    ]);
    await systemd.systemctl("disable", "--now", ...sockets, service);
  });
});
