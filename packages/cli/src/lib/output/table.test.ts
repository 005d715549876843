import { expect, it } from "vitest";
import { table } from "./table.ts";

const heading = [
  "NAME",
  { title: "USER", optional: 2 },
  { title: "MEMORY", align: "right", optional: 1 },
] as const;
const rows = [
  ["shop", "www-data", "48 MB"],
  ["a-longer-name", "root", "1.9 MB"],
];

it("lines up columns", () => {
  expect(table(heading, rows, { width: 80 })).toBe(
    `NAME           USER      MEMORY
shop           www-data   48 MB
a-longer-name  root      1.9 MB
`,
  );
});

it("cuts a long cell, rather than leave out a column for it", () => {
  const long = [["x".repeat(60), "me", "1 MB"]];
  expect(table(heading, long, { width: 30 })).toBe(
    `NAME              USER  MEMORY\n${"x".repeat(15)}…  me      1 MB\n`,
  );
});

it("leaves out optional columns that do not fit, the most optional first", () => {
  expect(table(heading, rows, { width: 30 })).toBe(
    `NAME           MEMORY
shop            48 MB
a-longer-name  1.9 MB
`,
  );
  expect(table(heading, rows, { width: 20 })).toBe("NAME\nshop\na-longer-name\n");
});

it("cuts the widest cells if that is not enough", () => {
  expect(table(heading, rows, { width: 10 })).toBe("NAME\nshop\na-longer-…\n");
});

it("gives a cell several lines", () => {
  expect(
    table(
      ["NAME", "ADDRESS"],
      [
        ["shop", "[::]:80\n/run/shop.sock"],
        ["blog", "[::]:81"],
      ],
    ),
  ).toBe(
    `NAME  ADDRESS
shop  [::]:80
      /run/shop.sock
blog  [::]:81
`,
  );
});

it("ignores colours when it counts", () => {
  expect(table(["STATE", "PID"], [["\u001B[32mawake\u001B[39m", "12"]])).toBe(
    "STATE  PID\n\u001B[32mawake\u001B[39m  12\n",
  );
});
