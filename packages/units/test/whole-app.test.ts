import { bootPrivateSystemd, describeWith, type PrivateSystemd, startProcess } from "@sockact/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emitUnits, type AppDescription } from "../src/index.ts";
import { failures } from "./whole-app.ts";

const settings: Record<string, Partial<AppDescription>> = {
  inbound: { hardening: "inbound", stateDirectory: "app" },
  outbound: {},
  "outbound, jitless": { jitless: true },
};

describeWith({ privateSystemd: true }, `an app that uses all of Node ${process.version}`, () => {
  let systemd: PrivateSystemd;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());

  /** How each thing that the app does went. */
  async function outcomes(description: Partial<AppDescription>): Promise<Record<string, string>> {
    const units = emitUnits({
      name: "app",
      exec: [systemd.node, `${systemd.project}/packages/units/test/programs/whole-app.mjs`],
      sockets: [{ listen: 80 }],
      ...description,
    });
    await systemd.stop("app.socket", "app.service").catch(() => {});
    await systemd.installUnits(units);
    await systemd.start("app.socket");
    const { body } = await systemd.request({ url: "http://127.0.0.1/", timeout: 25_000 });
    return JSON.parse(body) as Record<string, string>;
  }

  it("does everything without a sandbox", async () => {
    const all = await outcomes({ hardening: "none", stateDirectory: "app" });
    // It could, but for its user, who owns nothing there.
    expect(all).toMatchObject({ "write elsewhere": expect.stringMatching(/EACCES|EROFS/) });
  });

  it.each(Object.entries(settings))("does what docs/hardening.md says: %s", async (setting, description) => {
    const all = await outcomes(description);
    const expected = Object.entries(failures[setting]!).map(([what, codes]) => [
      what,
      expect.toBeOneOf(codes.split(" or ")),
    ]);
    expect(Object.fromEntries(Object.entries(all).filter(([, outcome]) => outcome !== "done"))).toEqual(
      Object.fromEntries(expected),
    );
    expect(Object.keys(all).length).toBeGreaterThan(25);
  });
});

describe("with --jitless", () => {
  const ends = Number.parseInt(process.versions.node) === 22;

  it.each([
    ["an ES module that imports node:http", "module", 'import "node:http"', ends],
    ["a CommonJS module that requires node:http", "commonjs", 'require("node:http")', false],
  ])("%s (--input-type=%s, %s) ends by an error: %s", async (_, type, code, isEnded) => {
    await using app = startProcess([process.execPath, "--jitless", `--input-type=${type}`, "--eval", code]);
    expect(await app.ended).toBe(isEnded ? 1 : 0);
    expect(app.stderr.includes("WebAssembly is not defined")).toBe(isEnded);
  });
});
