import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { slug } from "github-slugger";
import { defineConfig, type HeadConfig } from "vitepress";
import { rootManifest, webAddress } from "../../scripts/lib/packages.ts";
import { descriptionOf } from "./lib/descriptions.ts";
import { linkGeneratedPages } from "./lib/generated-pages.ts";
import { writeLlms } from "./lib/llms.ts";
import { linkRepository } from "./lib/repository-links.ts";
import { search } from "./lib/search.ts";
import { dropEmptyHeaders, stackWideTables } from "./lib/tables.ts";
import { sidebar } from "./lib/sidebar.ts";
import { keepWordsTogether } from "./lib/unbroken-words.ts";

const docs = join(import.meta.dirname, "..");
const title = "sockact";
const description = rootManifest.description ?? "";

/** The address of the site. GitHub Pages serves it under the name of the repository. */
const address = process.env["DOCS_ADDRESS"]?.replace(/\/*$/, "/") || pagesAddress(webAddress);
const base = new URL(address).pathname;

function pagesAddress(repository: string): string {
  const [owner, name] = new URL(repository).pathname.slice(1).split("/");
  return `https://${owner}.github.io/${name}/`;
}

/** Whether a page is written by a program: nobody edits it, and git does not know when it changed. */
function isGenerated(page: string): boolean {
  return /^(?:reference|codes|commands)\//.test(page);
}

const notFound = {
  title: "This page does not exist",
  quote: "The address may be misspelled, or the page may have moved. The search knows every page.",
  linkLabel: "Go to the first page",
  linkText: "To the first page",
};

export default defineConfig({
  title,
  titleTemplate: ":title | sockact, systemd sockets for Node",
  description,
  lang: "en",
  base,
  cleanUrls: true,
  lastUpdated: true,
  ignoreDeadLinks: false,
  // Otherwise a reader loads every page that the sidebar shows.
  router: { prefetchLinks: false },
  // Each code in these files has a page.
  srcExclude: ["outputs/**", "screenshots/**", "codes/{errors,doctor,lint,prove}.md"],
  sitemap: { hostname: address },
  // To switch transitions off for the change to dark, VitePress computes all styles of each page again as it starts.
  appearance: { disableTransition: false },
  head: [
    ["link", { rel: "icon", type: "image/svg+xml", href: `${base}logo.svg` }],
    ["meta", { name: "theme-color", content: "#1f6f78" }],
    ["meta", { property: "og:type", content: "website" }],
    ["meta", { property: "og:site_name", content: title }],
    // `npm run docs:social-image` draws it.
    ["meta", { property: "og:image", content: `${address}social.png` }],
    ["meta", { property: "og:image:width", content: "1200" }],
    ["meta", { property: "og:image:height", content: "630" }],
    ["meta", { property: "og:image:alt", content: description }],
    ["meta", { name: "twitter:card", content: "summary_large_image" }],
  ],
  themeConfig: {
    logo: { src: "/logo.svg", alt: "" },
    nav: [
      { text: "Docs", link: "/start", activeMatch: "^/(?:start|how-it-works)" },
      { text: "Why", link: "/why" },
      { text: "Unit builder", link: "/builder" },
      { text: "Troubleshooting", link: "/troubleshooting" },
      { text: "API", link: "/reference/", activeMatch: "^/reference/" },
      { text: "Changelog", link: `${webAddress}/releases` },
    ],
    sidebar,
    outline: { level: [2, 3], label: "On this page" },
    search,
    socialLinks: [{ icon: "github", link: webAddress, ariaLabel: "sockact on GitHub" }],
    editLink: { pattern: `${webAddress}/edit/main/docs/:path`, text: "Edit this page on GitHub" },
    lastUpdated: { text: "Last changed", formatOptions: { dateStyle: "long" } },
    docFooter: { prev: "Previous page", next: "Next page" },
    footer: { message: `${rootManifest.license} licence. No cookies, and no requests to other sites.` },
    notFound,
    externalLinkIcon: true,
  },
  markdown: {
    // http://localhost:3000 in a sentence is an example.
    linkify: false,
    // As on GitHub, where the same pages are read.
    anchor: { slugify: (heading) => slug(heading) },
    config: (md) => {
      linkGeneratedPages(md);
      linkRepository(md);
      stackWideTables(md);
      dropEmptyHeaders(md);
      keepWordsTogether(md);
    },
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
  },
  transformPageData(page) {
    if (isGenerated(page.relativePath)) {
      page.frontmatter["editLink"] = false;
      page.frontmatter["lastUpdated"] = false;
    }
    // A table of fields needs the room of an outline that has hardly an entry.
    if (page.relativePath.startsWith("reference/units-")) page.frontmatter["aside"] = false;
    page.description ||= descriptionOf(readFileSync(join(docs, page.filePath), "utf8"));
  },
  transformHead({ pageData, title: pageTitle, description: pageDescription }): HeadConfig[] {
    const path = pageData.relativePath.replace(/(?:(^|\/)index)?\.md$/, "$1");
    return [
      ["meta", { property: "og:title", content: pageTitle }],
      ["meta", { property: "og:description", content: pageDescription }],
      ...(pageData.isNotFound
        ? []
        : ([
            ["link", { rel: "canonical", href: `${address}${path}` }],
            ["meta", { property: "og:url", content: `${address}${path}` }],
          ] satisfies HeadConfig[])),
    ];
  },
  transformHtml(html, file) {
    if (!file.endsWith("404.html")) return undefined;
    // VitePress renders this page only in the browser.
    const { title: heading, linkText } = notFound;
    return html
      .replace(/<title>[^<]*/, `<title>${heading} | ${title}`)
      .replace(/(<meta name="description" content=")[^"]*/, `$1${heading}.`)
      .replace(
        "<body>",
        `<body>\n    <noscript><h1>${heading}</h1><p><a href="${base}">${linkText}</a></p></noscript>`,
      );
  },
  buildEnd({ srcDir: source, outDir: out }) {
    writeLlms({ title, description, source, out, address, sidebar });
  },
});
