/** Writes `docs/reference` from the TSDoc of each package that npm has. Any warning of TypeDoc is an error. */
import { readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import GithubSlugger from "github-slugger";
import { Application, Converter, ReflectionKind } from "typedoc";
import type { PluginOptions } from "typedoc-plugin-markdown";
import { entryPoints } from "../.vitepress/lib/entry-points.ts";

const folder = join(import.meta.dirname, "..");
const out = join(folder, "reference");

const markdown: Partial<PluginOptions> = {
  outputFileStrategy: "modules",
  entryFileName: "index",
  excludeScopesInPaths: true,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  useCodeBlocks: true,
  useHTMLEncodedBrackets: true,
  sanitizeComments: true,
  pageTitleTemplates: { index: "API reference", module: ({ name }) => name },
};

const app = await Application.bootstrapWithPlugins({
  ...markdown,
  plugin: ["typedoc-plugin-markdown"],
  name: "API reference",
  outputs: [{ name: "markdown", path: out }],
  tsconfig: join(folder, "tsconfig.reference.json"),
  entryPoints: entryPoints.map(({ source }) => join(folder, "..", source)),
  basePath: join(folder, ".."),
  readme: "none",
  disableGit: true,
  disableSources: true,
  excludeExternals: true,
  excludeInternal: true,
  excludePrivate: true,
  sort: ["kind", "source-order"],
  groupOrder: ["Functions", "Variables", "Interfaces", "Classes", "*"],
  logLevel: "Warn",
  packagesRequiringDocumentation: [...new Set(entryPoints.map(({ name }) => name.replace(/\/adapter$/, "")))],
  // What is exported, and each property of it.
  requiredToBeDocumented: ["Class", "Enum", "Function", "Interface", "Property", "TypeAlias", "Variable"],
  validation: {
    invalidLink: true,
    invalidPath: true,
    notDocumented: true,
    notExported: true,
    rewrittenLink: true,
    unusedMergeModuleWith: true,
  },
});

// TypeDoc names a module by the path of its source. Readers know it by what they import.
app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
  for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
    const entry = entryPoints.find(({ source }) => source.replace(/(?:\/index)?\.ts$/, "") === module.name);
    if (entry === undefined) throw new Error(`${module.name} is not in entry-points.ts`);
    module.name = entry.name;
  }
  // Users catch our errors. They do not construct them.
  for (const constructor of project.getReflectionsByKind(ReflectionKind.Constructor))
    project.removeReflection(constructor);
});

rmSync(out, { recursive: true, force: true });
const project = await app.convert();
if (project !== undefined) {
  app.validate(project);
  await app.generateOutputs(project);
}

if (app.logger.hasErrors() || app.logger.hasWarnings() || project === undefined) process.exit(1);

// A web server can't tell the page /reference/core from the folder /reference/core/.
renameSync(join(out, "core/adapter.md"), join(out, "core-adapter.md"));
rmdirSync(join(out, "core"));
const pages = new Map(
  readdirSync(out).map((file) => {
    const text = readFileSync(join(out, file), "utf8")
      // It repeats the link under each property, and each property is described here anyway.
      .replaceAll(/\n#+ (?:Inherited from|Overrides)\n\n.*\n/g, "")
      .replaceAll("](core/adapter.md", "](core-adapter.md")
      .replaceAll("](adapter.md", "](core-adapter.md")
      .replaceAll("](../", "](");
    return [file, text];
  }),
);

/** The anchors of a page, as VitePress and GitHub make them of its headings. */
function anchorsOf(text: string): Set<string> {
  const slugger = new GithubSlugger();
  const headings = text.replaceAll(/^```.*?^```/gms, "").matchAll(/^#+ (.*)$/gm);
  return new Set(Array.from(headings, ([, heading = ""]) => slugger.slug(heading.replaceAll("\\", ""))));
}
const anchors = new Map(Array.from(pages, ([file, text]) => [file, anchorsOf(text)]));
for (const [file, text] of pages) {
  // TypeDoc numbers an anchor also where the name of a class and of its property, together, are the name of a type.
  const repaired = text.replaceAll(
    /\]\(([^()#]*)#([^()]+)-\d+\)/g,
    (link, target: string, anchor: string) => {
      const there = anchors.get(target || file);
      return there?.has(link.slice(link.indexOf("#") + 1, -1)) ? link : `](${target}#${anchor})`;
    },
  );
  writeFileSync(join(out, file), repaired);
}
const list = entryPoints.map(({ name, source, page }) => {
  const { description } = JSON.parse(
    readFileSync(join(folder, "..", source.split("/src/")[0]!, "package.json"), "utf8"),
  ) as { description: string };
  const text = name.endsWith("/adapter") ? "For those who write an adapter for a framework." : description;
  return `## [${name}](${basename(page)}.md)\n\n${text}\n`;
});
writeFileSync(
  join(out, "index.md"),
  `# API reference\n\nEvery function, option and type that you can import, from the comments in the source.\n\n${list.join("\n")}`,
);
