import { constants, deflateRawSync } from "node:zlib";
import { frame, type RawWebSocket } from "./raw-web-socket.ts";

/** What a client sends, in pieces, and what it must get. */
export interface Case {
  name: string;
  deflate?: boolean;
  send(client: RawWebSocket): readonly Buffer[] | Promise<readonly Buffer[]>;
  expected: readonly string[];
}

const [TEXT, BINARY, CLOSE, PING, PONG] = [0x81, 0x82, 0x88, 0x89, 0x8a];
/** The same opcodes in a frame that is not the last one of its message. */
const [TEXT_PART, PART, LAST_PART] = [0x01, 0x00, 0x80];

export const cases: Case[] = [];
const add = (name: string, expected: readonly string[], ...pieces: readonly Buffer[]): void =>
  void cases.push({ name, expected, send: () => pieces });
const closing = (code: number): string[] => [`88 ${code}`, "end"];
const bytes = (...values: number[]): Buffer => Buffer.from(values);
const byteByByte = (data: Buffer): Buffer[] => [...data].map((byte) => bytes(byte));
const shown = (length: number): string => (length > 200 ? `${length} bytes` : "*".repeat(length));

for (const length of [0, 1, 125, 126, 127, 128, 65_535, 65_536, 65_537, 2 ** 20])
  for (const opcode of [TEXT, BINARY])
    add(
      `${length} bytes`,
      [`${opcode.toString(16)} ${shown(length)}`.trim()],
      frame(opcode, "*".repeat(length)),
    );
add("byte by byte", ["81 hello"], ...byteByByte(frame(TEXT, "hello")));
add("byte by byte, with a longer head", [`81 ${shown(130)}`], ...byteByByte(frame(TEXT, "*".repeat(130))));
add(
  "100 messages at once",
  Array.from({ length: 100 }, () => "81 one"),
  Buffer.concat(Array.from({ length: 100 }, () => frame(TEXT, "one"))),
);
add("too large", closing(1009), frame(BINARY, Buffer.alloc(2 ** 20 + 1)));
add("too large in two fragments", closing(1009), frame(0x02, Buffer.alloc(2 ** 20)), frame(LAST_PART, "x"));
add("a length of 2^53", closing(1009), bytes(BINARY, 0xff, 0, 0x20, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4));
add("without a mask", closing(1002), frame(TEXT, "hello", false));

add("an empty ping", ["8a"], frame(PING));
add("a ping", [`8a ${"p".repeat(125)}`], frame(PING, "p".repeat(125)));
add("a ping, byte by byte", ["8a ping"], ...byteByByte(frame(PING, "ping")));
add("a ping that is too long", closing(1002), frame(PING, "p".repeat(126)));
add(
  "ten pings",
  Array.from({ length: 10 }, (_, index) => `8a ${index}`),
  ...Array.from({ length: 10 }, (_, index) => frame(PING, String(index))),
);
add("pongs that nobody asked for", ["8a ping"], frame(PONG), frame(PONG, "pong"), frame(PING, "ping"));
for (const first of [0x09, 0x0a, 0x08])
  add(`half of a control frame, ${first}`, closing(1002), frame(first, "x"));
for (const bit of [0x40, 0x20, 0x10, 0x70])
  for (const opcode of [TEXT, PING, CLOSE])
    add(`reserved bits ${opcode | bit}`, closing(1002), frame(opcode | bit, "x"));
for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
  add(`opcode ${opcode}`, closing(1002), frame(0x80 | opcode, "x"));

add("two fragments", ["81 onetwo"], frame(TEXT_PART, "one"), frame(LAST_PART, "two"));
add("empty fragments", ["81"], frame(TEXT_PART), frame(PART), frame(LAST_PART));
add(
  "empty fragments around a text message",
  ["81 one"],
  frame(TEXT_PART),
  frame(PART, "one"),
  frame(LAST_PART),
);
add(
  "pings between fragments",
  ["8a 1", "8a 2", "81 onetwothree"],
  frame(TEXT_PART, "one"),
  frame(PING, "1"),
  frame(PART, "two"),
  frame(PING, "2"),
  frame(PONG, "2"),
  frame(LAST_PART, "three"),
);
add(
  "pings between fragments, at once",
  ["8a 1", "81 onetwo", "81 three"],
  Buffer.concat([frame(TEXT_PART, "one"), frame(PING, "1"), frame(LAST_PART, "two"), frame(TEXT, "three")]),
);
add(
  "pings between fragments, byte by byte",
  ["8a 1", "81 onetwo"],
  ...byteByByte(Buffer.concat([frame(TEXT_PART, "one"), frame(PING, "1"), frame(LAST_PART, "two")])),
);
add(
  "many fragments",
  [`82 ${shown(3000)}`],
  frame(0x02),
  ...Array.from({ length: 300 }, () => frame(PART, "0123456789")),
  frame(LAST_PART),
);
for (const first of [PART, LAST_PART])
  add(`the continuation of nothing, ${first}`, closing(1002), frame(first, "one"));
add(
  "a continuation after the last one",
  ["81 onetwo", ...closing(1002)],
  frame(TEXT_PART, "one"),
  frame(LAST_PART, "two"),
  frame(LAST_PART, "three"),
);
add("a message within a message", closing(1002), frame(TEXT_PART, "one"), frame(TEXT, "two"));
add("a close between fragments", closing(1000), frame(TEXT_PART, "one"), frame(CLOSE, bytes(3, 0xe8)));

const utf8 = Buffer.from("κόσμε \u{10ffff} \u{d7ff} \u{e000} \u{ffff} \0");
const asShown = `81 ${utf8.toString("latin1")}`;
add("UTF-8", [asShown], frame(TEXT, utf8));
for (let at = 1; at < 9; at += 1)
  add(
    `UTF-8, torn at ${at}`,
    [asShown],
    frame(TEXT_PART, utf8.subarray(0, at)),
    frame(LAST_PART, utf8.subarray(at)),
  );
for (const hex of [
  "80",
  "bf",
  "c0af",
  "c1bf",
  "c2",
  "e0809f",
  "e28082e2",
  "eda080",
  "edbfbf",
  "f0808080",
  "f4908080",
  "f5",
  "f888808080",
  "fe",
  "ff",
  "ceba80",
]) {
  const invalid = Buffer.from(hex, "hex");
  add(`invalid UTF-8 ${hex}`, closing(1007), frame(TEXT, Buffer.concat([Buffer.from("ok"), invalid])));
  add(`invalid UTF-8 ${hex}, in fragments`, closing(1007), frame(TEXT_PART, "ok"), frame(LAST_PART, invalid));
  add(`${hex} as bytes`, [`82 ${invalid.toString("latin1")}`], frame(BINARY, invalid));
}

const codeOf = (code: number): Buffer => bytes(code >> 8, code & 0xff);
add("a close without a code", ["88 none", "end"], frame(CLOSE));
add("a close with half of a code", closing(1002), frame(CLOSE, "x"));
for (const code of [
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
])
  add(`close ${code}`, closing(code), frame(CLOSE, codeOf(code)));
for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535])
  add(`close ${code}`, closing(1002), frame(CLOSE, codeOf(code)));
add(
  "a close with a reason",
  [`88 1000 ${"r".repeat(123)}`, "end"],
  frame(CLOSE, Buffer.concat([codeOf(1000), Buffer.from("r".repeat(123))])),
);
add(
  "a close that is too long",
  closing(1002),
  frame(CLOSE, Buffer.concat([codeOf(1000), Buffer.alloc(124)])),
);
add("a close with invalid UTF-8", closing(1007), frame(CLOSE, Buffer.concat([codeOf(1000), bytes(0xff)])));
add(
  "a close, and more",
  closing(1000),
  Buffer.concat([
    frame(CLOSE, codeOf(1000)),
    frame(PING, "late"),
    frame(TEXT, "late"),
    frame(CLOSE, codeOf(1001)),
  ]),
);
add(
  "a message before a close",
  ["81 one", ...closing(1000)],
  Buffer.concat([frame(TEXT, "one"), frame(CLOSE, codeOf(1000))]),
);

/** `c1` is the first byte of a compressed text. */
const addDeflated = (name: string, expected: readonly string[], send: Case["send"]): void =>
  void cases.push({ name: `compressed: ${name}`, deflate: true, expected, send });
const large = deflateRawSync(Buffer.alloc(2 ** 20 + 1), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(
  0,
  -4,
);
addDeflated(
  "what was said before",
  ["c1 the message before the move", "c1 the message before the move, again"],
  async (client) => [
    frame(0xc1, await client.compress("the message before the move")),
    frame(0xc1, await client.compress("the message before the move, again")),
  ],
);
addDeflated("fragments with a ping between", ["8a 1", "c1 the message before the move"], async (client) => {
  const data = await client.compress("the message before the move");
  return [
    frame(0x41, data.subarray(0, 3)),
    frame(PING, "1"),
    frame(PART, data.subarray(3, 4)),
    frame(PART),
    frame(LAST_PART, data.subarray(4)),
  ];
});
addDeflated("not compressed", ["c1 plain", "c1 the text"], async (client) => [
  frame(TEXT, "plain"),
  frame(0xc1, await client.compress("the text")),
]);
addDeflated("an empty message", ["c1", "c1 x"], () => [frame(0xc1, bytes(0)), frame(TEXT, "x")]);
addDeflated("a last block", ["c1 hello"], () => [
  frame(0xc1, Buffer.concat([deflateRawSync("hello"), bytes(0)])),
]);
addDeflated("too large", closing(1009), () => [frame(0xc1, large)]);
addDeflated("invalid", closing(1007), () => [frame(0xc1, bytes(0x07, 1, 2, 3))]);
addDeflated("invalid UTF-8", closing(1007), () => [
  frame(0xc1, deflateRawSync(bytes(0xff), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)),
]);
addDeflated("a compressed ping", closing(1002), () => [frame(0xc9, "x")]);
addDeflated("a compressed continuation", closing(1002), () => [frame(0x41, "x"), frame(0xc0, "x")]);
