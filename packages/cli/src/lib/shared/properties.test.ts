import { expect, it } from "vitest";
import { millisecondsOf } from "./milliseconds.ts";
import { listOf, showUnits } from "./properties.ts";

it("keeps the properties of units apart, whatever is in their commands", async () => {
  const script = "ExecStart={ path=/bin/sh ; argv[]=/bin/sh -c a\n\nId=b.service\nActiveState=failed\nx ; }";
  const units: Record<string, string> = {
    "a.service": `Id=a.service\n${script}\nActiveState=active`,
    "b.service": "Id=b.service\nActiveState=inactive",
    "c.socket": "Id=c.socket\nListen=[::]:80 (Stream)\nListen=[::]:81 (Stream)",
  };
  const show = async (option: string, _: string, ...asked: string[]) =>
    option === "--property=ExecStart" ? script : asked.map((unit) => units[unit]!).join("\n\n");
  expect(await showUnits(show, ["b.service", "c.socket"], ["--all"])).toEqual([
    { Id: "b.service", ActiveState: "inactive" },
    { Id: "c.socket", Listen: "[::]:80 (Stream)\n[::]:81 (Stream)" },
  ]);
  expect(await showUnits(show, ["a.service", "b.service"], ["--all"])).toEqual([
    { Id: "a.service", ExecStart: script.slice("ExecStart=".length), ActiveState: "active" },
    { Id: "b.service", ActiveState: "inactive" },
  ]);
});

it("reads the words of a list as systemctl quotes them", () => {
  expect(listOf(String.raw`a.service "h@\\x2d-all.service" b.service`)).toEqual([
    "a.service",
    String.raw`h@\x2d-all.service`,
    "b.service",
  ]);
  expect(listOf("")).toEqual([]);
});

it.each([
  ["1min 30s", 90_000],
  ["500ms", 500],
  ["1h 2min 3.5s", 3_723_500],
  ["0", 0],
  ["infinity", Infinity],
])("reads the duration %s as systemctl prints it", (text, milliseconds) => {
  expect(millisecondsOf(text)).toBe(milliseconds);
});
