import { describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { emitUnits } from "../src/index.ts";
import { describedBy, type Described } from "./campaign/described.ts";
import { bootForCampaign, readBack } from "./campaign/read-back.ts";
import { differences } from "./campaign/shown.ts";

const long = process.env["SOCKACT_LONG"] === "1";
const described = describedBy(20_251_104, long ? 5_500 : 150);
const batch = 500;

describeWith({ privateSystemd: true, commands: ["busctl", "dbus-daemon"] }, "any description", () => {
  let systemd: PrivateSystemd;

  beforeAll(async () => {
    systemd = await bootForCampaign();
  });
  afterAll(() => systemd?.close());

  it(
    "is loaded by systemd without a word, and read back as it was meant",
    async () => {
      for (let from = 0; from < described.length; from += batch)
        await check(described.slice(from, from + batch));
    },
    long ? 3_600_000 : undefined,
  );

  async function check(some: readonly Described[]): Promise<void> {
    const files = some.map(({ description }) => emitUnits(description));
    const { complaints, shown, links } = await readBack(
      systemd,
      Object.assign({}, ...files) as Record<string, string>,
      some.flatMap(({ units }) => Object.keys(units)),
      some.map(({ enabled }) => enabled),
    );
    expect(complaints).toBe("");
    const wrong = some.flatMap(({ description, units }, index) =>
      Object.entries(units).flatMap(([unit, meant]) => {
        const differing = differences(meant, shown[unit]!);
        return differing.length === 0 ? [] : [{ unit, differing, description, files: files[index] }];
      }),
    );
    expect(
      wrong.flatMap(({ unit, differing }) => differing.map((text) => `${unit} ${text}`)).join("\n"),
    ).toBe("");
    expect(links.toSorted()).toEqual(some.flatMap((one) => one.links).toSorted());
  }
});
