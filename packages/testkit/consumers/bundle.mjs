// Bundles an app and all its packages into one file: node bundle.mjs BUNDLER APP OUTPUT.
import { createRequire } from "node:module";
import { basename, dirname } from "node:path";
import process from "node:process";

const [bundler, app, output] = process.argv.slice(2);

const bundlers = {
  async "esbuild, CommonJS"() {
    const { build } = await import("esbuild");
    await build({ ...esbuild, format: "cjs" });
  },
  // The frameworks call require() for Node's modules. esbuild leaves these calls in an ES module, where they
  // fail.
  async "esbuild, ES module beside its framework"() {
    const { build } = await import("esbuild");
    await build({ ...esbuild, format: "esm", external: ["express", "koa", "fastify"] });
  },
  async "esbuild, browser"() {
    const { build } = await import("esbuild");
    await build({ ...esbuild, platform: "browser" });
  },
  async "Rollup, ES module"() {
    const { rollup } = await import("rollup");
    const plugins = ["node-resolve", "commonjs", "json"].map((name) =>
      createRequire(import.meta.url)(`@rollup/plugin-${name}`).default(
        name === "node-resolve" ? { exportConditions: ["node"], preferBuiltins: true } : {},
      ),
    );
    const bundle = await rollup({ input: app, plugins, external: /^node:/, onwarn() {} });
    await bundle.write({ file: output, format: "es", inlineDynamicImports: true });
  },
  async "webpack, CommonJS"() {
    const { default: webpack } = await import("webpack");
    const compiler = webpack({
      mode: "production",
      target: "node",
      entry: app,
      output: { path: dirname(output), filename: basename(output) },
    });
    const stats = await new Promise((resolve, reject) => {
      compiler.run((error, result) => (error ? reject(error) : resolve(result)));
    });
    if (stats.hasErrors()) throw new Error(stats.toString({ all: false, errors: true }));
  },
};
const esbuild = { entryPoints: [app], bundle: true, platform: "node", outfile: output };

await bundlers[bundler]();
