import { execFile } from "node:child_process";
import { readdirSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** Compiles the TypeScript files in `src` of a folder to CommonJS in `dist`, without checking types. */
export async function compile(folder: string): Promise<void> {
  const require = createRequire(import.meta.url);
  const tsc = join(dirname(require.resolve("typescript/package.json")), "bin/tsc");
  const files = readdirSync(join(folder, "src")).map((file) => join("src", file));
  const options = ["--noCheck", "--module", "commonjs", "--target", "es2022", "--esModuleInterop"];
  const decorators = ["--experimentalDecorators", "--emitDecoratorMetadata"];
  const where = ["--rootDir", "src", "--outDir", "dist", "--ignoreConfig"];
  await execute(process.execPath, [realpathSync(tsc), ...options, ...decorators, ...where, ...files], {
    cwd: folder,
  });
}
