import { join } from "node:path";
import process from "node:process";
import { expect, test } from "vitest";
import { targetOf } from "./target.ts";

const callback = (): void => {};

test.each([
  [[3000], { port: 3000, host: undefined }],
  [["3000"], { port: 3000, host: undefined }],
  [[3000, callback], { port: 3000, host: undefined }],
  [[3000, 511, callback], { port: 3000, host: undefined }],
  [[3000, "::1", 511], { port: 3000, host: "::1" }],
  [[{ port: "3000", host: "localhost" }], { port: 3000, host: "localhost" }],
  [[{ port: 3000, path: "/run/app.sock" }], { port: 3000, host: undefined }],
  [[], { port: 0, host: undefined }],
  [[callback], { port: 0, host: undefined }],
  [[undefined, "::1"], { port: 0, host: "::1" }],
  [[{ port: undefined }], { port: 0, host: undefined }],
  [[{ port: undefined, path: "/run/app.sock" }], { port: 0, host: undefined }],
  [[{ port: null }], { port: 0, host: undefined }],
  [["/run/app.sock", callback], { path: "/run/app.sock" }],
  [["app.sock"], { path: join(process.cwd(), "app.sock") }],
  [[{ path: "\0name" }], { path: "@name" }],
  [[{}], undefined],
  [[{ port: 65_536 }], undefined],
  [[-1], undefined],
  [[true], undefined],
])("listen(...%j) asks for %j", (args: unknown[], target) => {
  expect(targetOf(args)).toEqual(target);
});
