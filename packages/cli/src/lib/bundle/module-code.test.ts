import { parseAst } from "rolldown/parseAst";
import { expect, test } from "vitest";
import { moduleCode, type SyntaxNode } from "./module-code.ts";

const made = (code: string, { path = "/srv/a.cjs", isEntry = false, mayRequire = false } = {}) =>
  moduleCode(code, { path, isEntry, mayRequire }, (text) => parseAst(text) as unknown as SyntaxNode);

const own = `(require("node:module").createRequire("/srv/a.cjs"))`;

test.each([
  ["join(__dirname, __filename)", `join("/srv", "/srv/a.cjs")`],
  [
    "f({ __dirname, a: __dirname, __dirname: 1 }, b.__dirname)",
    `f({ __dirname: "/srv", a: "/srv", __dirname: 1 }, b.__dirname)`,
  ],
  ["hasOwnProperty.call(a); toString(); __dirname", `hasOwnProperty.call(a); toString(); "/srv"`],
  ["'é𝄞'; __dirname; '__dirname'; // __dirname", `'é𝄞'; "/srv"; '__dirname'; // __dirname`],
  ["require.resolve('a')", `${own}.resolve('a')`],
  ["typeof require; require('./a'); require(`b`)", "typeof require; require('./a'); require(`b`)"],
  ["require.main === module", "false"],
  ["module !== require.main", "true"],
  ["if (!module.parent) a()", "if (!({})) a()"],
  ["const require = createRequire(a); require('./a.json'); require('fs')", undefined],
  ["createRequire(a).resolve(b)", undefined],
])("keeps the meaning of a CommonJS module: %s", (code, expected = code) => {
  expect(made(code)).toEqual({ code: expected });
});

test("knows that the entry is the main module", () => {
  expect(made("require.main === module && !module.parent", { isEntry: true }).code).toBe("true && !null");
  const path = "/srv/a.mjs";
  expect(made("import.meta.main", { path, isEntry: true }).code).toBe("true");
});

test.each([
  ["import.meta.url + import.meta.dirname", `"file:///srv/%C3%A9%20a.mjs" + "/srv"`],
  ["f(import.meta)", `f(({ url: "file:///srv/%C3%A9%20a.mjs", filename: "/srv/é a.mjs", dirname: "/srv" }))`],
  [
    "const __dirname = dirname(a); b(__dirname); import.meta.main",
    "const __dirname = dirname(a); b(__dirname); false",
  ],
  ["await import('./a.js')", "await import('./a.js')"],
])("keeps the meaning of an ES module: %s", (code, expected) => {
  expect(made(code, { path: "/srv/é a.mjs" })).toEqual({ code: expected });
});

test.each([
  ["dynamic", "\nrequire(a)"],
  ["dynamic", "\nrequire('./' + a)"],
  ["dynamic", "\nimport(a)"],
  ["dynamic", "\nimport(`./${a}.js`)"],
  ["dynamic", "\nconst load = require"],
  ["dynamic", "\nmodule.require('a')"],
  ["dynamic", "\ncreateRequire(a)('b')"],
  ["dynamic", "const require = createRequire(a);\nrequire('b')"],
  ["cache", "\ndelete require.cache[a]"],
  ["cache", "\nrequire.extensions['.a'] = b"],
  ["eval", "\neval('require')('a')"],
  ["view-engine", "\nexports.__express = a"],
])("finds what keeps a module out of a bundle: %s, %s", (kind, code) => {
  expect(made(code).obstacle).toEqual({ kind, line: 2 });
});

test("leaves a module its own require if that is harmless", () => {
  expect(made("require(a); require.cache", { mayRequire: true })).toEqual({
    code: `${own}(a); ${own}.cache`,
  });
});
