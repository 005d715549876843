import { fileURLToPath } from "node:url";
import { build as esbuild } from "esbuild";
import { build as rolldown } from "rolldown";

export const bundlers = ["esbuild", "Rolldown"] as const;

/** The file that a bundler writes. */
export function bundleOf(name: string, bundler: (typeof bundlers)[number]): string {
  return fileURLToPath(new URL(`../../.cache/bench/${name}-${bundler}.cjs`, import.meta.url));
}

/**
 * Bundles a program by Rolldown as in the example `bundle`, and by esbuild with the same settings. Node's
 * compile cache contains only functions that V8 compiles before it runs the file. Rolldown writes parentheses
 * around the function of each module, so V8 compiles it at once from Node 24 on. esbuild writes no
 * parentheses.
 */
export async function bundle(program: string, name: string): Promise<void> {
  await rolldown({
    input: program,
    platform: "node",
    transform: { target: "node20" },
    output: { file: bundleOf(name, "Rolldown"), format: "cjs", minify: true, codeSplitting: false },
  });
  await esbuild({
    entryPoints: [program],
    outfile: bundleOf(name, "esbuild"),
    bundle: true,
    platform: "node",
    target: "node20",
    minify: true,
    format: "cjs",
  });
}
