import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";

/** What `npm run docs:build` has written. */
export const built = join(import.meta.dirname, "../../.vitepress/dist");
const docs = join(built, "../..");

const types: Record<string, string> = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".md": "text/markdown; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".woff2": "font/woff2",
  ".xml": "application/xml",
};

export interface BuiltSite extends AsyncDisposable {
  /** Without the path of the site. */
  readonly origin: string;
  /** The path of the site on its server, such as `/sockact/`. */
  readonly base: string;
  /** The address at which readers find the site. */
  readonly address: string;
  /**
   * The paths of all pages below the base, such as `start` and `reference/core`; of the first page it is
   * empty.
   */
  readonly pages: readonly string[];
}

/** The file that a static server such as GitHub Pages answers with, below the folder of the site. */
export function fileOf(path: string): string | undefined {
  const candidates = path === "" || path.endsWith("/") ? [`${path}index.html`] : [path, `${path}.html`];
  return candidates.find((candidate) => extname(candidate) !== "" && existsSync(join(built, candidate)));
}

/** The paths of all pages, and the path of the site on its server. */
export function pathsOf(): Pick<BuiltSite, "base" | "address" | "pages"> {
  if (!existsSync(join(built, "index.html")))
    throw new Error("docs/.vitepress/dist/index.html does not exist. Run `npm run docs:build` first.");
  const builtAt = statSync(join(built, "index.html")).mtimeMs;
  const changed = readdirSync(docs, { recursive: true, encoding: "utf8" }).filter(
    (file) =>
      /\.(?:md|css|svg|vue)$|^\.vitepress\/.*\.ts$/.test(file) &&
      !/node_modules|[.]test[.]ts$|^\.vitepress\/(?:dist|cache|\.temp)|^reference\//.test(file) &&
      statSync(join(docs, file)).mtimeMs > builtAt,
  );
  if (changed.length > 0)
    throw new Error(
      `docs/${changed[0]} has changed since the site was built. Run \`npm run docs:build\` again.`,
    );
  const home = readFileSync(join(built, "index.html"), "utf8");
  const base = /<link rel="icon"[^>]*href="([^"]*)logo\.svg"/.exec(home)?.[1] ?? "/";
  const pages = readdirSync(built, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".html") && file !== "404.html")
    .map((file) => file.replace(/(?:(^|\/)index)?\.html$/, "$1"))
    .sort();
  const address = /<link rel="canonical" href="([^"]*)"/.exec(home)?.[1] ?? "";
  return { base, address, pages };
}

/**
 * Serves the built site as GitHub Pages does: below its base, with /start for start.html, and with 404.html.
 */
export async function serveBuiltSite(): Promise<BuiltSite> {
  const { base, address, pages } = pathsOf();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://site");
    const path = decodeURIComponent(pathname);
    const file = path.startsWith(base) ? fileOf(path.slice(base.length)) : undefined;
    response.writeHead(file === undefined ? 404 : 200, {
      // The names of assets change with what is in them.
      "Cache-Control": path.includes("/assets/") ? "max-age=3600, immutable" : "no-cache",
      "Content-Type": types[extname(file ?? "404.html")] ?? "application/octet-stream",
    });
    response.end(readFileSync(join(built, file ?? "404.html")));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    base,
    address,
    pages,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
