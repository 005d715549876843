import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanPair, faults, faulty } from "../../../test/faults.ts";
import { fixUnits } from "./fix.ts";
import { lintUnits, rules, type Finding } from "./lint.ts";

const codesOf = (findings: readonly Finding[]): string[] => findings.map(({ code }) => code);

/** The number of the line that begins with this; of the last one, if it goes on to the next. */
function lineOf(text: string, begins: string): number {
  const at = `\n${text}`.lastIndexOf(`\n${begins}`);
  return text.slice(0, at).split("\n").length;
}

describe("lintUnits", () => {
  it("says nothing of a clean pair", () => {
    expect(lintUnits(cleanPair)).toEqual([]);
  });

  it.each(faults.map((fault) => [fault.code, fault.at.trim(), fault] as const))(
    "finds %s at %s, and nothing else",
    (code, _, fault) => {
      const files = faulty(fault);
      const findings = lintUnits(files);
      expect(codesOf(findings).toSorted()).toEqual([code, ...(fault.also ?? [])].toSorted());
      const finding = findings.find((one) => one.code === code)!;
      expect(finding).toMatchObject({
        file: fault.file,
        line: lineOf(files[fault.file]!, fault.at),
        severity: rules[code].severity,
        why: rules[code].why,
      });
      for (const text of [finding.message, finding.fix]) expect(text).toMatch(/^\S[^\n]*\S$/);
    },
  );

  it.each(faults.map((fault) => [fault.code, fault.at.trim(), fault] as const))(
    "mends %s at %s for good, if it offers to",
    (code, _, fault) => {
      const files = faulty(fault);
      const offered = lintUnits(files).filter((one) => one.code === code && one.edits !== undefined);
      const mended = fixUnits(files, offered);
      expect(codesOf(lintUnits(mended)).includes(code)).toBe(offered.length === 0);
      const all = fixUnits(files);
      expect(lintUnits(all).filter(({ edits }) => edits !== undefined)).toEqual([]);
      expect(fixUnits(all)).toEqual(all);
    },
  );

  it.each([
    "exec-several",
    "notify-blocked",
    "notify-access-all",
    "home-hidden",
    "jit-killed",
    "port-twice",
    "pid-namespace",
  ])("leaves the choice to you for %s: another program would run, or another protection hold", (code) => {
    const own = faults.filter((fault) => fault.code === code);
    expect(own).not.toEqual([]);
    for (const fault of own) {
      const found = lintUnits(faulty(fault)).filter((one) => one.code === code);
      expect(found.map(({ edits }) => edits)).toEqual([undefined]);
    }
  });

  it("has a planted fault for each of its rules", () => {
    const planted = new Set(faults.map(({ code }) => code));
    expect(Object.keys(rules).filter((code) => !planted.has(code as Finding["code"]))).toEqual([]);
  });

  it("has findings for all of a pair's faults at once, in the order of the files and lines", () => {
    const findings = lintUnits({
      "app.service": "[Service]\nExecStart=/usr/bin/npm start\nUser=root\nMemoryDenyWriteExecute=yes\n",
      "app.socket": "[Socket]\nListenStream=0\n",
    });
    expect(findings.map(({ file, line, code }) => `${file}:${line} ${code}`)).toEqual([
      "app.service:1 requires-missing",
      "app.service:1 start-limit",
      "app.service:2 exec-launcher",
      "app.service:3 user-root",
      "app.service:4 jit-killed",
      "app.socket:1 trigger-limit",
      "app.socket:1 socket-not-installed",
      "app.socket:2 address-invalid",
    ]);
  });

  it("reads drop-ins with the unit, and points into them", () => {
    const files = {
      ...cleanPair,
      "/etc/systemd/system/app.service.d/20-late.conf": "[Service]\nMemoryDenyWriteExecute=no\n",
      "/etc/systemd/system/app.service.d/10-early.conf": "[Service]\nMemoryDenyWriteExecute=yes\nUser=root\n",
      "/etc/systemd/system/service.d/15.conf": "[Service]\nDynamicUser=no\n",
    };
    expect(lintUnits(files)).toMatchObject([
      { file: "/etc/systemd/system/app.service.d/10-early.conf", line: 3, code: "user-root" },
    ]);
  });

  it("finds one fault in a program once, and none in a path behind env", () => {
    const codes = (exec: string) =>
      codesOf(
        lintUnits({
          ...cleanPair,
          "app.service": cleanPair["app.service"]!.replace(/^ExecStart=.*/m, `ExecStart=${exec}`),
        }),
      );
    expect(codes("npm start")).toEqual(["exec-launcher"]);
    expect(codes("/usr/bin/env NODE_ENV=production /opt/node/bin/node /srv/app/server.js")).toEqual([]);
    expect(codes("/usr/bin/node /srv/forever.js")).toEqual([]);
  });

  it("knows a user's units by their folder, or is told", () => {
    const unit = cleanPair["app.service"]!.replace(
      "DynamicUser=yes\n",
      "Type=notify\nOpenFile=/run/systemd/notify:notify\n",
    );
    const files = { "app.socket": cleanPair["app.socket"]!, "app.service": unit };
    expect(codesOf(lintUnits(files))).toEqual(["user-root"]);
    expect(codesOf(lintUnits(files, { user: true }))).toEqual(["open-file-path"]);
    const inHome = Object.fromEntries(
      Object.entries(files).map(([name, text]) => [`/home/me/.config/systemd/user/${name}`, text]),
    );
    expect(codesOf(lintUnits(inHome))).toEqual(["open-file-path"]);
  });

  it("looks at the syntax alone of a Quadlet's .container, and of what it does not know", () => {
    const container = "[Container]\nImage=docker.io/library/node\nPublishPort=80:80\n";
    expect(lintUnits({ "app.container": container })).toEqual([]);
    expect(codesOf(lintUnits({ "app.container": `${container}Network none\n` }))).toEqual(["line-ignored"]);
  });

  it("takes any texts, never throws, and mends what it offers to", { timeout: 30_000 }, () => {
    const lines = Object.values(cleanPair)
      .concat(faults.flatMap((fault) => Object.values(faulty(fault))))
      .flatMap((text) => text.split("\n"));
    const text = fc
      .array(
        fc.oneof(
          { weight: 9, arbitrary: fc.constantFrom(...lines) },
          { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 8 }) },
        ),
        { maxLength: 20 },
      )
      .map((parts) => parts.join("\n"));
    fc.assert(
      fc.property(text, text, text, (service, socket, dropIn) => {
        const files = { "app.service": service, "app.socket": socket, "app.service.d/a.conf": dropIn };
        const mended = fixUnits(files);
        expect(lintUnits(mended).filter(({ edits }) => edits !== undefined)).toEqual([]);
      }),
      { seed: 20_250_403, numRuns: 25 },
    );
  });
});
