/** Checks the types of the site, with its components. vue-tsc needs a TypeScript that it can change, which version 7 is not. */
import { createRequire } from "node:module";
import { run } from "vue-tsc";

run(createRequire(import.meta.url).resolve("typescript/lib/tsc.js"));
