import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describeWith } from "@sockact/testkit";
import { expect, it } from "vitest";
import { build } from "../.vitepress/theme/builder/model/build.ts";
import { initialState, type BuilderState } from "../.vitepress/theme/builder/model/state.ts";
import { binds, profiles, withProgram } from "./lib/builder-states.ts";

const run = promisify(execFile);

/** All combinations of some fields. */
function combinations(fields: {
  [Field in keyof BuilderState]?: readonly BuilderState[Field][];
}): BuilderState[] {
  return Object.entries(fields).reduce<BuilderState[]>(
    (states, [field, values]) =>
      states.flatMap((state) => values.map((value) => ({ ...state, [field]: value }))),
    [initialState],
  );
}

// The weights are those of systemd 257, and before 254 it does not know which directives imply others.
describeWith({ commands: ["systemd-analyze"], systemd: 254 }, "the score", () => {
  it("is that of systemd-analyze security, whatever is chosen", async () => {
    const states = combinations({
      framework: ["express", "other"],
      bind: binds,
      hardening: profiles,
      watchdog: ["", "30s"],
      systemd: [undefined, 245, 257],
    }).flatMap((state) => [
      state,
      { ...state, user: "www-data" },
      { ...state, user: "me", script: "/home/me/shop/server.js" },
      { ...state, backend: "/run/shop/app.sock", sockets: [{ listen: "443", name: "", tls: true }] },
    ]);
    const scores = new Map<string, string>();
    for (const state of states) {
      const { files, score } = build(withProgram(state));
      const service = files.find(({ name }) => name === "shop.service");
      // Two services that differ only in lines like these have the same score.
      const kept = service?.text.replaceAll(
        /^(?:Exec|Environment|Restart|Working|Watchdog|Type|OpenFile).*\n/gm,
        "",
      );
      if (kept !== undefined)
        scores.set(
          `${kept}\n[Service]\nExecStart=/usr/bin/true\n`,
          `${score!.value.toFixed(1)} ${score!.word}`,
        );
    }
    const folder = mkdtempSync(join(tmpdir(), "sockact-scores-"));
    try {
      const units = [...scores.keys()].map((text, index) => {
        const unit = join(folder, `s${index}.service`);
        writeFileSync(unit, text);
        return unit;
      });
      const { stdout } = await run("systemd-analyze", ["security", "--no-pager", "--offline=yes", ...units], {
        maxBuffer: 1e9,
      });
      const rated = [...stdout.matchAll(/Overall exposure level for s\d+\.service: ([\d.]+ \w+)/g)];
      expect(rated.length).toBeGreaterThan(50);
      expect([...scores.values()]).toEqual(rated.map(([, said]) => said));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
