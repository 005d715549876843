/**
 * Writes `docs/reference` from the TSDoc of each package that npm has. Any warning of TypeDoc is an error.
 */
import { readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import GithubSlugger from "github-slugger";
import {
  Application,
  Converter,
  type DeclarationReflection,
  ReflectionKind,
  ReflectionType,
  UnknownType,
} from "typedoc";
import { MarkdownTheme, type MarkdownThemeContext, type PluginOptions } from "typedoc-plugin-markdown";
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
  parametersFormat: "table",
  interfacePropertiesFormat: "table",
  classPropertiesFormat: "table",
  typeAliasPropertiesFormat: "table",
  typeDeclarationFormat: "table",
  useHTMLEncodedBrackets: true,
  sanitizeComments: true,
  pageTitleTemplates: { index: "API reference", module: ({ name }) => name },
};

/** The first sentence of a text. The types in an editor have the whole text. */
const firstSentence = (text: string): string =>
  text.split(/(?<=[.:!?]\)?) (?=[\p{Lu}\d`[@])/u)[0]!.replace(/:$/, ".");

/** The value of a property that is left out, if its comment says it in a word. */
function defaultIn(comment: string): string {
  const [, value] = /\b[Tt]he default is (`[^`]{1,20}`|\d+)/.exec(comment) ?? [];
  return value ?? "";
}

/**
 * The properties of a type, each in a row: what it does, its default and its type. A narrow window shows the
 * first columns.
 */
function tableOfProperties(context: MarkdownThemeContext, model: DeclarationReflection[]): string {
  const { helpers, partials, router } = context;
  const rows = helpers.getFlattenedDeclarations(model).map((property) => {
    const comment = property.comment ?? property.signatures?.[0]?.comment;
    const text =
      comment === undefined ? "" : helpers.getCommentParts(comment.summary).replaceAll(/\s+/g, " ");
    const type = property.signatures
      ? partials.functionType(property.signatures)
      : partials.someType(helpers.getDeclarationType(property));
    const id = router.hasUrl(property) ? ` id="${router.getAnchor(property)}"` : "";
    return [
      `<code${id}>${property.name}${property.flags.isOptional ? "?" : ""}</code>`,
      firstSentence(text),
      defaultIn(text),
      type.replace(/^\s*\\\| /, ""),
    ];
  });
  const hasDefaults = rows.some(([, , value]) => value !== "");
  const header = ["Name", "What it does", "Default", "Type"];
  return [header, header.map(() => "---"), ...rows]
    .map((row) => row.filter((_, index) => hasDefaults || index !== 2))
    .map((row) => `| ${row.map((cell) => cell.replaceAll(/\s*\n\s*/g, " ")).join(" | ")} |`)
    .join("\n");
}

/** The theme of the plugin, with the types as they are in the source, and short tables. */
class ExactTypes extends MarkdownTheme {
  override getRenderContext(page: Parameters<MarkdownTheme["getRenderContext"]>[0]): MarkdownThemeContext {
    const context = super.getRenderContext(page);
    const { arrayType, intersectionType } = context.partials;
    context.partials.propertiesTable = (model) => tableOfProperties(context, model);
    context.partials.arrayType = (model) => {
      const { elementType } = model;
      // TypeDoc passes on what TypeScript prints of it, and the plugin writes no parentheses around that.
      if (!(elementType instanceof UnknownType)) return arrayType(model);
      const element = elementType.name.replaceAll(
        /\breadonly (?=\w+\??:)| \| undefined(?=[;}])|;(?= })/g,
        "",
      );
      return element.includes(" | ") ? `(${element})[]` : `${element}[]`;
    };
    context.partials.intersectionType = (model) => {
      // `& {}` is for editors and the JSON Schema. It allows no other value.
      const types = model.types.filter(
        (type) =>
          !(type instanceof ReflectionType && !type.declaration.children && !type.declaration.signatures),
      );
      return types.length === 1 ? context.partials.someType(types[0]) : intersectionType(model);
    };
    return context;
  }
}

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

app.renderer.defineTheme("exact-types", ExactTypes);
app.options.setValue("theme", "exact-types");

/**
 * A page for readers: no headings around a single line or table, and what other packages export in one
 * sentence.
 */
function simplified(text: string): string {
  const [, references = ""] = /\n## References\n(.*?)(?=\n## |$)/s.exec(text) ?? [];
  const links = [...references.matchAll(/^Re-exports (\[.*)$/gm)].map(([, link]) => link);
  return (
    text
      .replace(/\n## References\n.*?(?=\n## |$)/s, "")
      .replace(
        /\n## /,
        links.length === 0 ? "$&" : `\nYou can also import ${links.join(", ")} from here.\n$&`,
      )
      .replaceAll(/\n#{4,6} Union Members\n(.*?)(?=\n#{2,3} |$)/gs, (_, members: string) =>
        (members.match(/^\|.*(?:\n\|.*)*/gm) ?? []).map((table) => `\n${table}\n`).join(""),
      )
      // A signature has no types, so it fits into a line.
      .replaceAll(
        /^```ts\nfunction ([^]*?);\n```$/gm,
        (_, signature: string) =>
          `\`${signature.replaceAll(/\s+/g, " ").replaceAll("( ", "(").replaceAll(" )", ")")}\``,
      )
      .replaceAll(/^\| Parameter \| Type \|\n.*\n((?:\|.*\n)+)/gm, (_, rows: string) => {
        const parameters = rows.matchAll(/^\| (.*?) \| (.*) \|$/gm);
        const list = Array.from(
          parameters,
          ([, name, type = ""]) => `${name}: ${type.replaceAll("\\|", "|")}`,
        );
        return `**Parameters:** ${list.join("; ").replaceAll(": | ", ": ")}\n`;
      })
      // The tables of such a type say the same as its code.
      .replaceAll(/^```ts\ntype (?:(?!^```)[^])*^```\n\n(?=(?:(?!^#)[^])*?^\|)/gm, "")
      .replaceAll(/\n#{4,6} Extends\n\n(?:- .*\n)+/g, "")
      .replaceAll(/^#{4,6} (?:Parameters|Properties|Type Declaration)\n\n/gm, "")
      .replaceAll(/^#{4,6} (Returns|Throws)\n\n/gm, "**$1:** ")
      .replaceAll(/^\*\*\*\n\n/gm, "")
      .replace(/(^.*\n## Type Aliases\n\n)(.*)/s, (_, before: string, aliases: string) => {
        const slugger = new GithubSlugger();
        for (const [, heading = ""] of before.matchAll(/^#+ (.*)$/gm)) slugger.slug(heading);
        return before + tableOfAliases(aliases, slugger);
      })
  );
}

/** The short type aliases in one table, before the long ones. */
function tableOfAliases(aliases: string, slugger: GithubSlugger): string {
  const rows: string[] = [];
  const rest = aliases.replaceAll(
    /^### (\w+)\n\n```ts\ntype \w+ = ([^{]*?);\n```\n\n([^|]*?)\n*(?=^### |$(?![^]))/gm,
    (_, name: string, value: string, about: string) => {
      const oneLine = value
        .replaceAll(/\s+/g, " ")
        .replace(/^ ?\| /, "")
        .replaceAll("|", "\\|");
      const text = about.split("\n\n")[0]!.replaceAll(/\s+/g, " ");
      rows.push(
        `| <code id="${slugger.slug(name)}">${name}</code> | \`${oneLine}\` | ${firstSentence(text)} |`,
      );
      return "";
    },
  );
  if (rows.length === 0) return rest;
  return `| Name | Values | What it is |\n| --- | --- | --- |\n${rows.join("\n")}\n\n${rest}`;
}

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
      .replaceAll("](../", "](")
      .replaceAll("\\_\\_namedParameters", "options")
      .replaceAll("__namedParameters", "options");
    return [file, text];
  }),
);

/** The anchors of a page, as VitePress and GitHub make them of its headings. */
function anchorsOf(text: string): Set<string> {
  const slugger = new GithubSlugger();
  const headings = text.replaceAll(/^```.*?^```/gms, "").matchAll(/^#+ (.*)$/gm);
  return new Set([
    ...Array.from(headings, ([, heading = ""]) => slugger.slug(heading.replaceAll("\\", ""))),
    ...Array.from(text.matchAll(/<code id="([^"]*)">/g), ([, anchor = ""]) => anchor),
  ]);
}
const anchors = new Map(Array.from(pages, ([file, text]) => [file, anchorsOf(text)]));

/** Where each type of a page is described, by its name: on the page, or on the page that it is from. */
function typesOf(file: string, text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name = "", next = ""] of text.matchAll(/^### (\w+)(?:<.*)?\n\n(.*)$/gm)) {
    const [, address] = /^Re-exports \[[^\]]*\]\((.*)\)$/.exec(next) ?? [];
    found.set(name, address?.replace(/^#/, `${file}#`) ?? `${file}#${name.toLowerCase()}`);
  }
  return found;
}
const types = new Map(Array.from(pages, ([file, text]) => [file, typesOf(file, text)]));
const everyType = new Map([...types.values()].toReversed().flatMap((all) => [...all]));

/**
 * Adds links to the types in a block of code, which can have none itself. The parameters of a function have
 * links below it.
 */
function linkTypes(file: string, text: string): string {
  return text.replaceAll(/^```ts\n((?!function ).*?)^```$/gms, (block, code: string) => {
    const names = new Set(
      code.replaceAll(/"[^"]*"|^(?:type|class|interface) \w+|\b\w+\??:/gm, "").match(/\b[A-Z]\w+/g),
    );
    const links = [...names].flatMap((name) => {
      const address = types.get(file)?.get(name) ?? everyType.get(name);
      return address === undefined ? [] : [`[\`${name}\`](${address.replace(`${file}#`, "#")})`];
    });
    return links.length === 0
      ? block
      : `${block}\n\n${links.length === 1 ? "Type" : "Types"}: ${links.join(", ")}`;
  });
}

/** A comment in the source names a page of the site by its path in the repository. */
function linkPages(text: string): string {
  return text.replaceAll(/(?<![\w/`(])docs\/([\w/-]+\.md)/g, (_, page: string) => {
    const [, title] = /^# (.*)/m.exec(readFileSync(join(folder, page), "utf8"))!;
    return `[${title}](../${page})`;
  });
}

const written = new Map<string, string>();
for (const [file, text] of pages) {
  // TypeDoc numbers an anchor also where the name of a class and of its property, together, are the name of a
  // type.
  const repaired = text.replaceAll(
    /\]\(([^()#]*)#([^()]+)-\d+\)/g,
    (link, target: string, anchor: string) => {
      const there = anchors.get(target || file);
      return there?.has(link.slice(link.indexOf("#") + 1, -1)) ? link : `](${target}#${anchor})`;
    },
  );
  const about = entryPoints.find(({ page }) => `${basename(page)}.md` === file)?.about;
  const introduced = about === undefined ? repaired : repaired.replace(/^(# .*\n)/, `$1\n${about}\n`);
  written.set(file, linkPages(linkTypes(file, simplified(introduced))));
}

for (const { page, parts = [] } of entryPoints) {
  const file = `${basename(page)}.md`;
  for (const part of parts) {
    const sections = part.types.map(
      (type) => new RegExp(`^### ${type}\\n[^]*?(?=^##)`, "m").exec(written.get(file)!)![0],
    );
    const text = `# ${part.name}\n\n${part.about}\n\n${sections.join("").replaceAll(/^###/gm, "##")}`;
    const partFile = `${basename(part.page)}.md`;
    written.set(
      file,
      sections.reduce((rest, section) => rest.replace(section, ""), written.get(file)!),
    );
    written.set(partFile, text);
    const moved = anchorsOf(text);
    for (const [from, before] of written) {
      const links = before.replaceAll(
        /\]\(([\w-]*(?:\.md)?)#([^()]+)\)/g,
        (link, target: string, anchor: string) => {
          const there = target || (from === partFile ? file : from);
          const next = there === file && moved.has(anchor) ? partFile : there;
          return `](${next === from ? "" : next}#${anchor})`;
        },
      );
      written.set(from, links);
    }
  }
}
for (const [file, text] of written) writeFileSync(join(out, file), text);
const list = entryPoints.map(({ name, page, about }) => {
  return `## [${name}](${basename(page)}.md)\n\n${firstSentence(about)}\n`;
});
writeFileSync(
  join(out, "index.md"),
  `# API reference\n\nEvery function, option and type that you can import, from the comments in the source.\n\n${list.join("\n")}`,
);
