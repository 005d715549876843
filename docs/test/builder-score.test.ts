import { bootPrivateSystemd, describeWith } from "@sockact/testkit";
import { expect, it } from "vitest";
import { build } from "../.vitepress/theme/builder/model/build.ts";
import { initialState, type BuilderState } from "../.vitepress/theme/builder/model/state.ts";
import { binds, profiles, withProgram } from "./lib/builder-states.ts";

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

// The weights come from systemd 257. Before 254, systemd-analyze does not know which directives imply others.
describeWith({ privateSystemd: true, systemd: 254 }, "the score", () => {
  it("is the score of systemd-analyze security, for all choices", async () => {
    const states = combinations({
      framework: ["express", "other"],
      bind: binds,
      hardening: profiles,
      watchdog: ["", "30s"],
      handover: [false, true],
      systemd: [undefined, 245, 257],
    }).flatMap((state) => [
      state,
      { ...state, user: "www-data" },
      {
        ...state,
        user: "www-data",
        backend: "/run/shop/app.sock",
        sockets: [{ listen: "443", name: "", tls: true }],
      },
      { ...state, user: "me", script: "/home/me/shop/server.js" },
      { ...state, backend: "/run/shop/app.sock", sockets: [{ listen: "443", name: "", tls: true }] },
    ]);
    const scores = new Map<string, string>();
    for (const state of states) {
      const { files, score } = build(withProgram(state));
      const service = files.find(({ name }) => name === "shop.service");
      // These lines do not change the score, so two services that differ only in them are the same here.
      const kept = service?.text.replaceAll(
        /^(?:Exec|Environment|Restart|Working|Watchdog|Type|OpenFile|RuntimeDirectory).*\n/gm,
        "",
      );
      if (kept !== undefined)
        scores.set(
          `${kept}\n[Service]\nExecStart=/usr/bin/true\n`,
          `${score!.value.toFixed(1)} ${score!.word}`,
        );
    }
    await using systemd = await bootPrivateSystemd();
    const services = [...scores.keys()].map((_, index) => `s${index}.service`);
    for (const [index, text] of [...scores.keys()].entries())
      await systemd.write(`/run/systemd/system/${services[index]}`, text);
    await systemd.systemctl("daemon-reload");
    // Ask the service manager, because offline systemd-analyze assumes separate mounts for every service.
    const said = await systemd.mustRun(["systemd-analyze", "security", "--no-pager", ...services]);
    const rated = [...said.matchAll(/Overall exposure level for s\d+\.service: ([\d.]+ \w+)/g)];
    expect(rated.length).toBeGreaterThan(50);
    expect([...scores.values()]).toEqual(rated.map(([, score]) => score));
  });
});
