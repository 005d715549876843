import codes from "../../codes/[code].paths.ts";

/**
 * The pages with one code each, and the page that lists them. They have no files: VitePress makes them when
 * it builds.
 */
export const codePages: ReadonlyMap<string, string> = new Map(
  codes.paths().map(({ params, content }) => [`codes/${params.code}.md`, content]),
);
