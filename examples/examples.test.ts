import { bootPrivateSystemd, type CommandResult, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { writeUnits } from "./write-units.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

describeWith({ privateSystemd: true }, "the examples, installed as their READMEs say", () => {
  let systemd: PrivateSystemd;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());

  describe.each(["express", "koa", "fastify"])("%s", (framework) => {
    const sockets = [`example-${framework}-http.socket`, `example-${framework}-http-443.socket`];
    const service = `example-${framework}.service`;
    let verified: CommandResult;
    const ask = async (path: string, options: { method?: string; body?: string } = {}) => {
      const headers = { "content-type": "application/json" };
      const { status, body } = await systemd.request({
        url: `http://localhost${path}`,
        headers,
        ...options,
      });
      return { status, json: body.startsWith("<") ? body : JSON.parse(body) };
    };

    beforeAll(async () => {
      const files = await writeUnits(systemd, `${systemd.project}/examples/${framework}`);
      verified = await systemd.run(["systemd-analyze", "verify", ...files]);
      await systemd.systemctl("daemon-reload");
      await systemd.systemctl("enable", "--now", ...sockets);
    });
    afterAll(async () => {
      await systemd.systemctl("disable", "--now", ...sockets);
      await systemd.stop(service);
    });

    // They notify by a descriptor of OpenFile=, and say no version of systemd.
    describeWith({ systemd: 253 }, "on a systemd that knows OpenFile=", () => {
      test("has units of which systemd-analyze says nothing", () => {
        expect(verified).toEqual({ stdout: "", stderr: "", code: 0 });
      });
    });

    test("starts with the first request and greets", async () => {
      expect(await systemd.show(service, "ActiveState")).toBe("inactive");
      const { status, json } = await ask("/");
      expect(status).toBe(200);
      expect(json).toMatch(new RegExp(`Hello from ${framework}`, "i"));
      await systemd.waitForJournal(service, /is listening/);
    });

    test("serves both ports from one process, as a user of its own", async () => {
      const [http, http443] = await Promise.all([ask("/api/whoami"), ask(":443/api/whoami")]);
      expect(http.json).toEqual(http443.json);
      expect(http.json).toMatchObject({ framework, remoteAddress: "::1" });
      expect(http.json.uid, "a dynamic user").toBeGreaterThanOrEqual(61_184);
      const status = await systemd.mustRun(["cat", `/proc/${await systemd.show(service, "MainPID")}/status`]);
      expect(status, "CAP_NET_BIND_SERVICE is not among its capabilities: it has none").toMatch(
        /^CapPrm:\s0+\nCapEff:\s0+$/m,
      );
    });

    test("echoes JSON, and refuses what is none", async () => {
      const body = JSON.stringify({ text: "grüße", list: [1, null] });
      expect(await ask("/api/echo", { method: "POST", body })).toEqual({
        status: 200,
        json: JSON.parse(body),
      });
      expect(await ask("/api/echo", { method: "POST", body: "{" })).toMatchObject({ status: 400 });
    });

    test("answers errors and unknown paths with JSON", async () => {
      expect(await ask("/api/fail")).toEqual({
        status: 500,
        json: { error: "Internal server error" },
      });
      await systemd.waitForJournal(service, /This route always fails/);
      expect(await ask("/nowhere")).toEqual({
        status: 404,
        json: { error: "No GET /nowhere here" },
      });
    });

    test("listens on port 3000 when it is started by hand", async () => {
      const script = `${systemd.project}/examples/${framework}/server.js`;
      const app = systemd.spawn([systemd.node, script]);
      if (app.stdout === null) throw new Error("It has no output");
      const output = await new Promise((resolve, reject) => {
        app.stdout?.once("data", (chunk) => resolve(String(chunk)));
        app.once("close", () => reject(new Error("It ended")));
      });
      expect(output).toMatch(/is listening on .*port: 3000/);
      expect(await ask(":3000/api/whoami")).toMatchObject({ json: { uid: 0 } });
      app.kill();
    });
  });
});
