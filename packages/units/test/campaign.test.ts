import { describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { emitUnits, lintUnits } from "../src/index.ts";
import { describedBy } from "./campaign/described.ts";
import { bootForCampaign, readBack } from "./campaign/read-back.ts";
import { differences } from "./campaign/shown.ts";

const described = describedBy(20_251_104, process.env["SOCKACT_LONG"] === "1" ? 5500 : 150);
const batch = 500;
const batches = Array.from({ length: Math.ceil(described.length / batch) }, (_, index) => ({
  from: index * batch,
  some: described.slice(index * batch, (index + 1) * batch),
}));

it("random descriptions hold every byte that UTF-8 has, but NUL", () => {
  const words = described.flatMap(({ description: { exec = [] } }) =>
    exec.filter((word) => typeof word === "string"),
  );
  const bytes = new Set(words.flatMap((word) => [...Buffer.from(word)]));
  const none = [0, 0xc0, 0xc1, ...Array.from({ length: 11 }, (_, index) => 0xf5 + index)];
  expect(none.filter((byte) => bytes.has(byte))).toEqual([]);
  expect(bytes.size).toBe(256 - none.length);
});

it("random descriptions are made whole: few have fields that contradict each other, and lose them", () => {
  // Random text has invisible characters more often than a field contradicts another.
  const refused = described.filter((one) => one.refused.some((why) => !why.includes("value-invisible")));
  expect(refused.length).toBeLessThan(described.length / 3);
});

it(
  "random descriptions are written without an error or a warning of the linter, but those that they acknowledge",
  { timeout: 600_000 },
  () => {
    const acknowledging = described.filter(({ description }) => description.acknowledge !== undefined);
    expect(acknowledging.length).toBeGreaterThan(0);
    for (const { description } of described) {
      const serious = lintUnits(emitUnits(description)).filter(({ severity }) => severity !== "info");
      const codes = [...new Set(serious.map(({ code }) => code))];
      expect([codes.toSorted(), description]).toEqual([
        (description.acknowledge ?? []).toSorted(),
        description,
      ]);
    }
  },
);

describeWith(
  { privateSystemd: true, systemd: 257, commands: ["busctl", "dbus-daemon"] },
  "random descriptions",
  () => {
    let systemd: PrivateSystemd;

    beforeAll(async () => {
      systemd = await bootForCampaign();
    });
    afterAll(() => systemd?.close());

    it.each(batches)(
      "from $from on are loaded by systemd without a word, and read back as they were meant",
      { timeout: 600_000 },
      async ({ some }) => {
        const files = some.map(({ description }) => emitUnits(description));
        const { complaints, shown, links } = await readBack(
          systemd,
          Object.assign({}, ...files) as Record<string, string>,
          some.flatMap(({ units }) => Object.keys(units)),
          some.map(({ enabled }) => enabled),
        );
        expect.soft(complaints).toBe("");
        const wrong = some.flatMap(({ description, units }, index) => {
          const lines = Object.entries(units).flatMap(([unit, meant]) =>
            differences(meant, shown[unit]!).map((line) => `${unit}: ${line}`),
          );
          return lines.length === 0 ? [] : [{ lines, description, files: files[index] }];
        });
        expect.soft(wrong).toEqual([]);
        expect(links.toSorted()).toEqual(some.flatMap((one) => one.links).toSorted());
      },
    );
  },
);
