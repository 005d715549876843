import { expect, test } from "vitest";
import { exportReader } from "./journal-export.ts";
import type { JournalFields } from "./journal.ts";

/** A field as journalctl prints it, if its value is not plain text. */
function long(name: string, value: Buffer): Buffer {
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(value.length));
  return Buffer.concat([Buffer.from(`${name}\n`), size, value, Buffer.from("\n")]);
}

const printed = Buffer.concat([
  Buffer.from("__CURSOR=s=1;i=2\nMESSAGE=größer = länger\nEMPTY=\n"),
  // It looks like the end of the entry, and like a field that only journald may add.
  long("TEXT", Buffer.from("a 1\n\n_PID=1\n\u0001ü")),
  long("LONG", Buffer.alloc(70_000, "\n")),
  Buffer.from("_PID=7\n\n__CURSOR=s=1;i=3\n\n"),
  Buffer.from("__CURSOR=s=1;i=4\nMESSAGE=not all of"),
]);

test.each([1, 7, 100, 65_536, printed.length])("whole entries from pieces of %i bytes", (length) => {
  const seen: JournalFields[] = [];
  const read = exportReader((fields) => seen.push(fields));
  for (let at = 0; at < printed.length; at += length) read(printed.subarray(at, at + length));
  expect(seen).toEqual([
    {
      __CURSOR: "s=1;i=2",
      MESSAGE: "größer = länger",
      EMPTY: "",
      TEXT: "a 1\n\n_PID=1\n\u0001ü",
      LONG: "\n".repeat(70_000),
      _PID: "7",
    },
    { __CURSOR: "s=1;i=3" },
  ]);
});

const MB = 1_000_000;
const printedLarge = Buffer.concat([
  Buffer.from("__CURSOR=s=1;i=5\n"),
  long("LARGE", Buffer.from(`${"x".repeat(5 * MB)}\n\n_PID=1\n\n`)),
  Buffer.from(`MESSAGE=${"y".repeat(5 * MB)}\nLINE=${"z".repeat(5 * MB)}\nLAST=3\n`),
  ...Array.from("abcdefgh", (name) => long(name, Buffer.alloc(MB, "\n"))),
  Buffer.from("_PID=8\n\n__CURSOR=s=1;i=6\n\n"),
]);

test.each([1000, 65_536, printedLarge.length])(
  "no values of over 4 MiB from pieces of %i bytes",
  (length) => {
    const seen: JournalFields[] = [];
    const read = exportReader((fields) => seen.push(fields));
    for (let at = 0; at < printedLarge.length; at += length) read(printedLarge.subarray(at, at + length));
    const whole = Object.fromEntries(Array.from("abcd", (name) => [name, "\n".repeat(MB)]));
    expect(seen).toEqual([{ __CURSOR: "s=1;i=5", LAST: "3", ...whole, _PID: "8" }, { __CURSOR: "s=1;i=6" }]);
  },
);
