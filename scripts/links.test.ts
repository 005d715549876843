import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { Marked } from "marked";
import { gfmHeadingId } from "marked-gfm-heading-id";
import { expect, test } from "vitest";
import { filesInGit } from "./lib/blocks/pages.ts";
import { publicPackages, root, webAddress } from "./lib/packages.ts";

const marked = new Marked(gfmHeadingId());
/** A page as GitHub and npm show it. */
const htmlOf = (markdown: string): string => marked.parse(markdown, { async: false });

/** The values of some attributes in a page, with whichever quotes. */
function attributesOf(html: string, ...names: string[]): string[] {
  const attribute = new RegExp(
    `\\s(?:${names.join("|")})\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`,
    "gi",
  );
  const tags = html.match(/<[a-z](?:"[^"]*"|'[^']*'|[^"'>])*>/gi) ?? [];
  return tags.flatMap((tag) =>
    [...tag.matchAll(attribute)].map(([, double, single, none]) => double ?? single ?? none ?? ""),
  );
}

/** The addresses of the links and the images of a page. */
function linksOf(html: string): string[] {
  return attributesOf(html, "href", "src");
}

function foldersOf(file: string): string[] {
  const folder = posix.dirname(file);
  return folder === "." ? [] : [folder, ...foldersOf(folder)];
}

const files = filesInGit(root);
const folders = new Set(files.flatMap(foldersOf));
const pages = new Map(
  files
    .filter((file) => /^(?!\.changeset\/|.*\/fixtures\/).*\.md$/.test(file))
    .map((file) => [file, htmlOf(readFileSync(join(root, file), "utf8"))]),
);
const published = publicPackages().map(({ folder }) => `${folder}/README.md`);

/**
 * Whether a file, or the README.md of a folder, has this heading or these lines. The anchor is the part after
 * the `#`.
 */
function hasHeading(path: string, anchor: string): boolean {
  if (folders.has(path)) return anchor === "readme" || hasHeading(`${path}/README.md`, anchor);
  const html = pages.get(path);
  if (html !== undefined) return attributesOf(html, "id", "name").includes(anchor);
  const [, first, last = first] = /^L(\d+)(?:-L(\d+))?$/.exec(anchor) ?? [];
  const lines = readFileSync(join(root, path), "utf8").trimEnd().split("\n").length;
  return 1 <= Number(first) && Number(first) <= Number(last) && Number(last) <= lines;
}

/** Says why a link leads nowhere, or `undefined` if it is right. `page` is the path of its page. */
function problemOf(link: string, page: string): string | undefined {
  const isRelative = !/^[a-z]+:/i.test(link);
  if (isRelative && !link.startsWith("#") && published.includes(page))
    return `npm does not resolve it from the folder of the package: write ${webAddress}/blob/main/…`;
  const { href, pathname, hash } = new URL(link, `${webAddress}/blob/main/${page}`);
  const inRepository = href === webAddress || /^[/#]/.test(href.slice(webAddress.length));
  if (!href.startsWith(webAddress) || !inRepository)
    return /github\.com\/.*sockact/i.test(href) ? `it is outside of ${webAddress}` : undefined;
  const [, kind, branch, path = ""] =
    /^\/(blob|tree|raw)\/([^/]+)\/(.*?)\/?$/.exec(
      decodeURIComponent(pathname).slice(new URL(webAddress).pathname.length),
    ) ?? [];
  if (kind === undefined) return undefined;
  if (branch !== "main") return "it does not lead to the branch main";
  if (!files.includes(path) && !folders.has(path)) return `the repository has no ${path}`;
  if (!isRelative && (kind === "tree") !== folders.has(path))
    return "write /blob/ for a file, and /tree/ for a folder";
  if (hash !== "" && !hasHeading(path, decodeURIComponent(hash.slice(1))))
    return `${path} has no heading ${hash}`;
  return undefined;
}

/** The links of a page that lead nowhere. */
function brokenLinksOf(page: string, html: string): string[] {
  return linksOf(html).flatMap((link) => {
    const problem = problemOf(link, page);
    return problem === undefined ? [] : `${page}: ${link}: ${problem}`;
  });
}

test("every link into the repository leads to a file, and to a heading of it", () => {
  expect([...pages.values()].flatMap(linksOf).length).toBeGreaterThan(100);
  expect([...pages].flatMap(([page, html]) => brokenLinksOf(page, html))).toEqual([]);
});

test("every package's README.md ends with links to the versions, the security policy and the releases", () => {
  // CHANGELOG.md exists only from the first version on.
  for (const { folder } of publicPackages()) {
    const address = `${webAddress}/blob/main`;
    expect(attributesOf(pages.get(`${folder}/README.md`)!, "href").slice(-3)).toEqual([
      `${address}/docs/versioning.md`,
      `${address}/SECURITY.md`,
      `${webAddress}/releases`,
    ]);
  }
});

test("every [text][label] and every [docs/page.md] has its address further down", () => {
  // Without an address, the brackets remain visible in the page.
  const left = [...pages].flatMap(([page, html]) => {
    const text = html.replaceAll(/<(pre|code)>[^]*?<\/\1>/g, "");
    const references = text.match(/\]\[[^\]]*\]|\[(?:@sockact|docs|examples|packages)\/[^\]]*\]/g) ?? [];
    return references.map((reference) => `${page}: ${reference}`);
  });
  expect(left).toEqual([]);
});

test.each([
  ["packages/core/README.md", "../../docs/tls.md", "npm does not resolve"],
  ["README.md", "docs/none.md", "the repository has no docs/none.md"],
  ["docs/tls.md", "#none", "docs/tls.md has no heading #none"],
  ["README.md", `${webAddress}/blob/main/docs/tls.md#none`, "has no heading"],
  ["README.md", `${webAddress}/blob/master/docs/tls.md`, "the branch main"],
  ["README.md", `${webAddress}s/blob/main/docs/tls.md`, "outside of"],
  ["README.md", "LICENSE#L3-L9999", "has no heading #L3-L9999"],
  ["README.md", `${webAddress}/blob/main/docs`, "/tree/ for a folder"],
])("a link that leads nowhere is reported: in %s to %s", (page, link, problem) => {
  expect(brokenLinksOf(page, htmlOf(`[text](${link})`))).toEqual([expect.stringContaining(problem)]);
});

test.each(["[text]\n\n[text]: none.png", '<img alt="a > b" src="none.png">', "<a href=none.png>text</a>"])(
  "a link or an image is reported however it is written: %s",
  (markdown) => {
    expect(brokenLinksOf("README.md", htmlOf(markdown))).toEqual([
      "README.md: none.png: the repository has no none.png",
    ]);
  },
);

test("a link to lines and to an escaped heading is right", () => {
  pages.set("docs/größe.md", htmlOf("# Größe"));
  files.push("docs/größe.md");
  const links = ["LICENSE#L3-L5", "docs/größe.md#gr%C3%B6%C3%9Fe"];
  expect(links.flatMap((link) => brokenLinksOf("README.md", htmlOf(`[text](${link})`)))).toEqual([]);
});
