/**
 * Checks the types of the site and its components. vue-tsc patches TypeScript, which is not possible with
 * version 7, so this uses an older version.
 */
import { createRequire } from "node:module";
import { run } from "vue-tsc";

run(createRequire(import.meta.url).resolve("typescript/lib/tsc.js"));
