import { describeWith, type PrivateSystemd } from "@sockact/testkit";
import { emitUnits } from "@sockact/units";
import { afterAll, beforeAll, expect, it } from "vitest";
import { serviceFolder } from "../src/lib/install/places.ts";
import { ask, bootForDoctor } from "./doctor.ts";

describeWith({ privateSystemd: true, systemd: 253 }, "sockact doctor, on services that work", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootForDoctor();
  });
  afterAll(() => systemd?.close());

  it.each(["express", "koa", "fastify"])("finds nothing in the example of %s", async (framework) => {
    const cwd = `${systemd.project}/examples/${framework}`;
    const emit = [...sockactInside(systemd), "units", "--json"];
    const units = JSON.parse(await systemd.mustRun(emit, { cwd })) as Record<string, string>;
    console.log(Object.keys(units));
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
    await systemd.stop(...sockets, service);
  });

  it("finds nothing in a rolling pair, nor where each connection has a process", async () => {
    const path = "/srv/app.mjs";
    await systemd.write(
      path,
      `import { createServer } from "node:http";
      import { listen } from "${systemd.project}/packages/core/dist/index.js";
      await listen(createServer((_, response) => response.end()));`,
    );
    const exec = [systemd.node, path];
    const units = {
      ...emitUnits({ name: "pair", exec, sockets: [{ listen: 81 }], rolling: true }),
      ...emitUnits({
        name: "each",
        exec,
        sockets: [{ listen: 82, accept: true }],
        acknowledge: ["accept-server"],
      }),
    };
    for (const [file, text] of Object.entries(units))
      await systemd.write(`/etc/systemd/system/${file}`, text);
    await systemd.systemctl("enable", "--now", "pair.socket", "each.socket");
    const look = async () => {
      expect(await ask(systemd, "pair")).toMatchObject({ code: 0, findings: [], unseen: [] });
      // The linter knows that Node is better off with Accept=no.
      expect((await ask(systemd, "each")).codes).toEqual(["accept-server"]);
    };
    await look();
    await Promise.all([81, 82].map((port) => systemd.request(`http://localhost:${port}/`)));
    await look();
    // What sockact install has noted.
    const service = "each@.service";
    const manifest = { format: 1, name: "each", files: [], sockets: ["each.socket"], service };
    const noted = JSON.stringify({ ...manifest, description: { acknowledge: ["accept-server"] } });
    await systemd.write(`${serviceFolder({ user: false, root: "/" }, "each")}/manifest.json`, noted);
    expect((await ask(systemd, "each")).codes).toEqual([]);
  });
});
