import { expect, it } from "vitest";
import { hideSecrets } from "./hide-secrets.ts";

it.each([
  ["node a.js --db=postgres://me:cmdpass@h/d", "node a.js --db=postgres://…@h/d"],
  ["node a.js postgres://me:p@ss/w0rd@db/x", "node a.js postgres://…@db/x"],
  ["node a.js redis://tokenonly@cache:6379/0", "node a.js redis://…@cache:6379/0"],
  ["node a.js --token tok123 --port 80", "node a.js --token … --port 80"],
  ["node a.js --api-key=k99999", "node a.js --api-key=…"],
  ["env DB_PASSWORD='a b' node a.js", "env DB_PASSWORD=… node a.js"],
  ["node https://example.org/a@2.js --name shop", "node https://example.org/a@2.js --name shop"],
])("hides secrets of %s", (command, shown) => {
  expect(hideSecrets(command)).toBe(shown);
});
