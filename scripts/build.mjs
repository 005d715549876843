// Builds the package in the current folder. Each entry point in its package.json gets a CommonJS file with its types. The main entry point
// also gets an ES module, which re-exports the CommonJS file. decisions/014 says why.
import { createHash } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { resolve as pathOf } from "node:path";
import { rolldown } from "rolldown";
import { dts } from "rolldown-plugin-dts";
import { bundleInput } from "./lib/bundle-input.mjs";

/** Makes a page of docs/ a string in the code, without the spaces that align its tables. */
const pages = {
  name: "pages",
  transform: {
    filter: { id: /\.md$/ },
    handler: (page) => ({
      code: `export default ${JSON.stringify(page.replaceAll(/ {2,}\|/g, " |").replaceAll(/-{4,}/g, "---"))};`,
      moduleType: "js",
    }),
  },
};

const { entries, programs, standalone, external, features, frameworks, resolve } = bundleInput(".");

const hasFeatures = Object.keys(features).length > 0;

/** The feature that a source file belongs to. Its code is in the file of that feature. */
function featureOf(file) {
  const isIn = (start) => file.includes(`/packages/${start}`);
  return Object.keys(features).find((name) => features[name].some(isIn)) ?? null;
}

/** An entry point without exports only runs. Its code stays in its file, which loads the rest when it first uses it. */
const runs = (source) => !/^export /m.test(readFileSync(source, "utf8"));
const programEntries = new Set(
  Object.values(entries)
    .filter(runs)
    .map((source) => pathOf(source)),
);

async function bundleCode() {
  const bundle = await rolldown({
    input: entries,
    external,
    resolve,
    platform: "node",
    transform: { target: "node20.19" },
    // The group of features needs it. Entry points keep their names.
    ...(hasFeatures && { preserveEntrySignatures: "allow-extension" }),
  });
  const { output } = await bundle.generate({
    format: "cjs",
    entryFileNames: "[name].cjs",
    chunkFileNames: "[name].cjs",
    exports: "named",
    externalLiveBindings: false,
    minify: "dce-only",
    comments: false,
    plugins: [{ name: "simplify", renderChunk: simplify }],
    // All entry points share one file, so neither code nor state exists twice. In a large package, the main
    // entry point has no code: when you import CommonJS, Node scans the entry point for its exports. For 5
    // kB, that takes 3 % of the start of an empty server.
    codeSplitting: {
      groups: [
        ...(hasFeatures
          ? [{ name: featureOf, debugName: "feature", includeDependenciesRecursively: false, priority: 1 }]
          : []),
        { name: "implementation", minSize: 20_000, test: (id) => !programEntries.has(id) },
      ],
    },
  });
  return withoutUnusedRuntime(output);
}

/** Removes the bundler's conversion code where nothing uses it. Each shared file would still load it. */
function withoutUnusedRuntime(output) {
  const load = /^require\("\.\/rolldown-runtime\.cjs"\);\n/m;
  const all = output.map(({ code }) => code).join("");
  const build = createHash("sha256").update(all).digest("hex").slice(0, 8);
  const files = output.map(({ fileName, code }) => ({
    fileName,
    code: connectFeatures(fileName, joinExports({ fileName, code: code.replace(load, "") }), build),
  }));
  const isUsed = files.some(({ code }) => code.includes("rolldown-runtime.cjs"));
  return files.filter(({ fileName }) => isUsed || fileName !== "rolldown-runtime.cjs");
}

/**
 * Programs, and code that they load later, have separate files, to start faster. The library shares these
 * files.
 */
async function bundlePrograms() {
  const input = { ...programs, ...entries };
  const bundle = await rolldown({ input, external, resolve, platform: "node", plugins: [pages] });
  const { output } = await bundle.generate({
    format: "cjs",
    entryFileNames: "[name].cjs",
    chunkFileNames: "[name].cjs",
    exports: "named",
    minify: "dce-only",
    comments: false,
    plugins: [{ name: "simplify", renderChunk: simplify }],
  });
  return withoutUnusedRuntime(output);
}

/** Each of these is one file that loads only Node. */
async function bundleStandalone() {
  const files = Object.entries(standalone).map(async ([name, source]) => {
    const bundle = await rolldown({ input: { [name]: source }, resolve, platform: "node" });
    const { output } = await bundle.generate({
      format: "cjs",
      entryFileNames: "[name].cjs",
      minify: "dce-only",
      comments: false,
      codeSplitting: false,
      plugins: [{ name: "simplify", renderChunk: simplify }],
    });
    return output.map(({ fileName, code }) => ({ fileName, code }));
  });
  return (await Promise.all(files)).flat();
}

/**
 * Shortens the bundler's code for imports and exports. It also keeps working in an app that is bundled into
 * one ES module, where require() of anything outside throws an error.
 */
function simplify(code) {
  return loadAtFirstUse(
    code
      // The bundler copies a module to give it a default export. A built-in module is its own default export.
      .replaceAll(/^(node_\w+) = (?:require_rolldown_runtime\.)?__toESM\(\1, 1\);\n/gm, "")
      .replaceAll(/\b(node_\w+)\.default\b/g, "$1")
      .replaceAll(/^let node_process = .*\n/gm, "")
      .replaceAll(/\bnode_process\b/g, "process")
      // The app imports its framework, so the framework is loaded.
      .replaceAll(/^let (\w+) = require\("([^"]+)"\);\n/gm, (statement, variable, name) =>
        frameworks.includes(name)
          ? `let ${variable} = {};\ntry {\n\t${variable} = require("${name}");\n} catch {}\n`
          : statement,
      )
      // No exported variable changes, so an export need not be a getter.
      .replaceAll(
        /^Object\.defineProperty\(exports, "(\w+)", \{\s+enumerable: true,\s+get: function ?\(\) \{\s+return ([\w$]+);\s+\}\s+\}\);/gm,
        "exports.$1 = $2;",
      )
      .replaceAll(/\brequire_implementation\b/g, "$$main")
      // The comment with the source of a part: `draining/drain-server`.
      .replaceAll(
        /^\/\/ (?:\.\.\/)?(.*?)\/?\bsrc\/(?:lib\/)?(.+)\.ts$/gm,
        (_, name, file) => `// ${name && `${name}/`}${file}`,
      ),
  );
}

/**
 * Only the file of an entry point needs one line for each export, because Node scans it for their names, and
 * a tag for `import *`.
 */
function joinExports({ fileName, code }) {
  if (Object.hasOwn(entries, fileName.replace(/\.cjs$/, ""))) return code;
  return code
    .replace('Object.defineProperty(exports, Symbol.toStringTag, { value: "Module" });\n', "")
    .replaceAll(/(?:^exports\.\w+ = [\w$]+;\n?){2,}/gm, (lines) => {
      const entry = (_, name, value) => `\t${name === value ? name : `${name}: ${value}`},`;
      return `Object.assign(exports, {\n${lines.replaceAll(/^exports\.(\w+) = ([\w$]+);/gm, entry)}});\n`;
    });
}

/**
 * Makes the file of a feature export a function that gets the exports of the main file. The main file does
 * not depend on itself, and a feature always belongs to the copy that loaded it, whatever a module cache
 * contains. Other files reach a feature through the main file.
 */
function connectFeatures(fileName, code, build) {
  if (!hasFeatures) return code;
  const name = fileName.replace(/\.cjs$/, "");
  const isFeature = (id) => Object.hasOwn(features, id);
  if (programEntries.has(pathOf(entries[name] ?? "")))
    return code
      .replace('Object.defineProperty(exports, Symbol.toStringTag, { value: "Module" });\n', "")
      .replace('const $main = require("./implementation.cjs");\n', "")
      .replaceAll("$main.", 'require("./implementation.cjs").');
  if (name === "implementation")
    return `${code.replace("const $load", `${LOAD_FEATURE}const $load`)}exports.$build = "${build}";\nexports.$features = $load;\n`;
  const linked = code.replaceAll(/\$feature\("(\w+)", .*\);/g, (_, id) => `$main.$features.$${id};`);
  if (!isFeature(name)) return linked;
  const body = linked.replace(/^const \$main = require\("\.\/implementation\.cjs"\);\n/m, "");
  return `module.exports = ($main) => {\nif ($main.$build !== "${build}") throw Object.assign(new Error("${fileName} is of another version"), { code: "MODULE_NOT_FOUND" });\nconst exports = {};\n${body}return exports;\n};\n`;
}

/** Without this check, a Node that is too old fails without the reason. */
const CHECK = `const $node = process.getBuiltinModule;
if (!$node) throw new Error("sockact needs Node 20.19 or later, and this is " + process.version);
`;

/** Loads a feature once. Its file may be gone by now, or be of another version. */
const LOAD_FEATURE = `const $features = {};
function $feature(name, load) {
	try {
		return $features[name] ??= load()(exports);
	} catch (cause) {
		const { code, message } = cause;
		const isFull = /^E[MN]FILE$/.test(code);
		if (!isFull && code !== "MODULE_NOT_FOUND") throw cause;
		throw new ActivationError(isFull ? "SOCKACT_ERR_TOO_MANY_FILES" : "SOCKACT_ERR_FILES_REPLACED", "A file of sockact can't be loaded: " + message.split("\\n")[0], isFull ? "Call listen() or systemdListen() before the app opens so many files, or raise LimitNOFILE= in the unit." : "Its files were replaced. Restart the process.", { cause });
	}
}
`;

/**
 * Loads each built-in module, each other package and each feature at its first use: node:tls alone takes
 * longer to load than all of this code. A use at the top level of a module would load it at once.
 */
function loadAtFirstUse(code) {
  const getters = new Map();
  const loaded = [];
  const rest = code
    .replaceAll(/^let ((?:node|_sockact)_(\w+)) = require\("([^"]+)"\);\n/gm, (_, variable, name, id) => {
      if (id.startsWith("node:")) getters.set(variable, [name, `return $node("${id}");`]);
      else {
        // After the first use, nothing is read from the file system. After `jest.resetModules()` too, this
        // code belongs to the copy that it loaded first.
        loaded.push(`$${name}`);
        getters.set(variable, [`$${name}`, `return $${name} ??= require("${id}");`]);
      }
      return "";
    })
    .replaceAll(
      /^(?:const (require_(\w+)) = )?require\("(\.\/([\w-]+)\.cjs)"\);\n/gm,
      (statement, variable, name, id, feature) => {
        if (!Object.hasOwn(features, feature)) return statement;
        if (variable !== undefined)
          getters.set(variable, [`$${name}`, `return $feature("${name}", () => require("${id}"));`]);
        return "";
      },
    );
  if (getters.size === 0) return code;
  if (/\$(?:load|node|features?)\b/.test(rest)) throw new Error("The code has a variable of the build");
  const variables = new RegExp(`\\b(?:${[...getters.keys()].join("|")})\\b`, "g");
  const used = rest.replaceAll(variables, (variable) => `$load.${getters.get(variable)[0]}`);
  const properties = [...getters.values()].map(([name, body]) => `get ${name}() { ${body} },\n`);
  const declarations = loaded.length > 0 ? `let ${loaded.join(", ")};\n` : "";
  return `${CHECK}${declarations}const $load = {\n${properties.join("")}};\n${used}`;
}

/**
 * Takes the types of another package of this repository from its sources, like its code. The plugin for types
 * ignores our conditions and would use the other package's built files, which may be incomplete.
 */
const typesFromSources = {
  name: "types-from-sources",
  resolveId: {
    order: "pre",
    filter: { id: /^@sockact\// },
    async handler(id, importer) {
      // For a file of types, the plugin would answer before the bundler.
      const found = await this.resolve(id, pathOf("package.json"));
      return found?.external ? found : this.resolve(found?.id ?? id, importer);
    },
  },
};

async function bundleTypes(input) {
  const bundle = await rolldown({
    input,
    external,
    resolve,
    plugins: [typesFromSources, dts({ oxc: true, emitDtsOnly: true })],
  });
  // The plugin makes `.d.cts` of `.cjs`.
  const { output } = await bundle.generate({ entryFileNames: "[name].cjs", chunkFileNames: "types.cjs" });
  return output.map(({ fileName, code }) => ({
    fileName,
    code: code
      .replaceAll(/^\/\/.*\n/gm, "")
      // The bundler keeps the comment of a removed function, right before the comment of the next declaration.
      .replaceAll(/^\/\*\*(?:(?!\*\/)[^])*\*\/\n(?=\/\*\*)/gm, ""),
  }));
}

/** Repeats the types that entry points share in each of them, unless an extra file is much smaller. */
async function bundleAllTypes() {
  const together = await bundleTypes(entries);
  const apart = await Promise.all(
    Object.entries(entries).map(([name, source]) => bundleTypes({ [name]: source })),
  );
  const sizeOf = (files) => files.reduce((size, { code }) => size + code.length, 0);
  return sizeOf(apart.flat()) - sizeOf(together) > 2_000 ? together : apart.flat();
}

/** The ES module of the main entry point, and its types. It names its exports, so bundlers find them. */
function reexport(types) {
  const { code } = types.find(({ fileName }) => fileName === "index.d.cts");
  const names = /^export \{ (.+) \};$/m.exec(code)?.[1].split(", ");
  // The module has no exports.
  if (names === undefined)
    return [
      { fileName: "index.js", code: `import "./index.cjs";\n` },
      { fileName: "index.d.ts", code: "export {};\n" },
    ];
  const values = names.filter((name) => !name.startsWith("type "));
  // `export *` leaves out the default export.
  const standard = values.find((name) => name.endsWith(" as default"));
  return [
    { fileName: "index.js", code: `export { ${values.join(", ")} } from "./index.cjs";\n` },
    {
      fileName: "index.d.ts",
      code: `export * from "./index.cjs";\n${standard ? `export { ${standard} } from "./index.cjs";\n` : ""}`,
    },
  ];
}

/**
 * Escapes each other character. If V8 finds a character above U+00FF in a file, the text takes twice the
 * memory.
 */
function inASCII(code) {
  if (/String\.raw`[^`]*[^\0-\x7F]|\\[^\0-\x7F]/.test(code))
    throw new Error("This character can't be an escape");
  const escape = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return code.replaceAll(/[^\0-\x7F]/g, escape);
}

/**
 * Replaces the files of a folder. Other processes may be reading them, so each file is always complete, old
 * or new.
 */
function replaceFiles(folder, files) {
  mkdirSync(folder, { recursive: true });
  const temporary = mkdtempSync(".build-");
  try {
    for (const { fileName, code } of files) {
      writeFileSync(`${temporary}/${fileName}`, code);
      renameSync(`${temporary}/${fileName}`, `${folder}/${fileName}`);
    }
  } finally {
    rmSync(temporary, { recursive: true });
  }
  const names = files.map(({ fileName }) => fileName);
  for (const name of readdirSync(folder))
    if (!names.includes(name)) rmSync(`${folder}/${name}`, { recursive: true, force: true });
}

const types = await bundleAllTypes();
const hasPrograms = Object.keys(programs).length > 0;
const code = [...(await (hasPrograms ? bundlePrograms() : bundleCode())), ...(await bundleStandalone())];
const files = [...code.map((file) => ({ ...file, code: inASCII(file.code) })), ...types, ...reexport(types)];
replaceFiles("dist", files);
