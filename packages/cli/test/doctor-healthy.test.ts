import process from "node:process";
import { describeWith, type PrivateSystemd, isLongRun } from "@sockact/testkit";
import { emitUnits } from "@sockact/units";
import { afterAll, beforeAll, expect, it } from "vitest";
import { serviceFolder } from "../src/lib/install/places.ts";
import { ask, bootForDoctor, doctorCommand } from "./doctor.ts";
import { sockactInside } from "./run.ts";

describeWith({ privateSystemd: true, systemd: 253 }, "sockact doctor, on services that work", () => {
  let systemd: PrivateSystemd;
  const escaped = String.raw`escaped@\x2da.socket`;
  beforeAll(async () => {
    systemd = await bootForDoctor();
    // They never accept by an event loop. Most apps have a variable whose value is a word like any other.
    const units = {
      "other.socket": "[Socket]\nListenStream=/run/other.sock\n[Install]\nWantedBy=sockets.target\n",
      "other.service":
        "[Unit]\nRequires=other.socket\n[Service]\nEnvironment=APP_NAME=other LOG=listens MODE=enable\nExecStart=/usr/bin/sleep 1000\n",
      "hinted.socket": "[Socket]\nListenStream=/run/hinted.sock\n[Install]\nWantedBy=sockets.target\n",
      "hinted.service": `[Unit]\nRequires=hinted.socket\n[Service]\nDynamicUser=yes\nExecStart=${systemd.node} /srv/shop.js\n`,
      // As systemd-escape writes a path with a dash.
      "escaped@.socket": "[Socket]\nListenStream=/run/%i.sock\n[Install]\nWantedBy=sockets.target\n",
      "escaped@.service": "[Unit]\nRequires=escaped@%i.socket\n[Service]\nExecStart=/usr/bin/sleep 1000\n",
    };
    for (const [file, text] of Object.entries(units))
      await systemd.write(`/etc/systemd/system/${file}`, text);
    await systemd.systemctl("enable", "--now", "other.socket", "hinted.socket", escaped);
    await systemd.start("other.service");
  });
  afterAll(() => systemd?.close());

  it.each(isLongRun ? ["express", "koa", "fastify"] : ["fastify"])(
    "finds nothing in the example of %s",
    async (framework) => {
      const cwd = `${systemd.project}/examples/${framework}`;
      await systemd.mustRun([...sockactInside(systemd), "units", "--out", "/etc/systemd/system"], { cwd });
      await systemd.systemctl("daemon-reload");
      const sockets = ["http", "http-443"].map((name) => `example-${framework}-${name}.socket`);
      await systemd.systemctl("enable", "--now", ...sockets);
      const service = `example-${framework}.service`;
      expect(await ask(systemd, service)).toMatchObject({ code: 0, findings: [], unseen: [] });
      await systemd.request("http://localhost/");
      expect(await ask(systemd, service)).toMatchObject({ code: 0, findings: [], unseen: [] });
      // Without root it finds nothing wrong either, and says what it could not see.
      const asNobody = await ask(systemd, service, ["setpriv", "--reuid=65534", "--clear-groups"]);
      expect(asNobody).toMatchObject({ code: 0, findings: [] });
      expect(asNobody.unseen.map(({ what }) => what)).toEqual([
        "You may not see all lines of the journal.",
        `You may not see the open files of ${service}.`,
      ]);
      await systemd.stop(...sockets, service);
    },
  );

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

  it("has nothing against programs that are not Node, escaped names, and what a package has brought and nobody uses", async () => {
    // Before, it took a program for stuck that was up for ten seconds.
    await systemd.waitUntil(async () => {
      const started = await systemd.show("other.service", "ExecMainStartTimestampMonotonic");
      return Number(process.hrtime.bigint() / 1000n) - Number(started) > 10_000_000;
    }, "it is up for long");
    expect(await ask(systemd, "other")).toMatchObject({ code: 0, unseen: [] });
    const asked = await ask(systemd, escaped);
    expect(asked.codes.filter((code) => code !== "start-limit" && code !== "trigger-limit")).toEqual([]);
    expect((await ask(systemd, "systemd-journald")).codes).not.toContain("service-without-socket");
    expect((await ask(systemd, "systemd-rfkill")).codes).not.toContain("socket-inactive");
  });

  it("tells hints of the linter in a line, which does not change the exit code", async () => {
    const { stdout, code } = await systemd.run(doctorCommand(systemd, "hinted"));
    expect(stdout).toContain(
      "● 2 hints of the linter\n  start-limit, trigger-limit. To read them:\n    sockact lint /etc/systemd/system/",
    );
    expect(code).toBe(0);
  });

  it("keeps its own words and commands, whatever variables have as their values", async () => {
    await systemd.systemctl("disable", "other.socket");
    expect((await ask(systemd, "other")).finding("not-enabled")).toMatchObject({
      message: "other.socket listens now, but is not enabled.",
      copy: ["systemctl enable other.socket"],
    });
  });

  it("takes no pattern for a name, and knows a connection that is over", async () => {
    for (const pattern of ["*", "oth?r", "*.service"])
      expect(await systemd.run(doctorCommand(systemd, pattern))).toMatchObject({
        code: 3,
        stderr: expect.stringContaining("ERR_UNIT_UNKNOWN"),
      });
    expect((await ask(systemd, "each@0.service")).services).toMatchObject([{ sockets: ["each.socket"] }]);
  });
});
