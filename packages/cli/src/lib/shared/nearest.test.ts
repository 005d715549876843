import { expect, it } from "vitest";
import { nearestNames } from "./nearest.ts";

it.each([
  ["shp", ["shop"]],
  ["shpo", ["shop"]],
  ["SHOP", ["shop"]],
  ["sh", ["shop"]],
  ["blag", ["blog"]],
  ["market", ["marketing"]],
  ["gitea", []],
])("finds what %s may mean", (name, names) => {
  expect(nearestNames(name, ["shop", "blog", "marketing", "postgres"])).toEqual(names);
});
