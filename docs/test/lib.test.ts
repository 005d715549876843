import { describe, expect, test } from "vitest";
import { withListOfCodes } from "../codes/list-of-codes.ts";
import { webAddress } from "../../scripts/lib/packages.ts";
import { codePageLink } from "../.vitepress/lib/code-pages.ts";
import { descriptionOf } from "../.vitepress/lib/descriptions.ts";
import { publishedMarkdown } from "../.vitepress/lib/llms.ts";
import { siteLink } from "../.vitepress/lib/repository-links.ts";
import { comparedForm, sectionsOf, weightOf, wordsOf } from "../.vitepress/lib/search.ts";

describe("a link of a page", () => {
  test.each([
    ["../packages/koa/README.md#errors", "tls.md", `${webAddress}/blob/main/packages/koa/README.md#errors`],
    ["../examples", "tls.md", `${webAddress}/tree/main/examples`],
    ["../../SECURITY.md", "frameworks/koa.md", `${webAddress}/blob/main/SECURITY.md`],
    ["package.json", "tls.md", `${webAddress}/blob/main/docs/package.json`],
  ])("to the file %s from %s leads to GitHub", (link, page, address) => {
    expect(siteLink(link, page)).toBe(address);
  });

  test.each(["sleep.md", "#sleep", "https://nodejs.org", "/start", "mailto:a@example.com"])(
    "to %s stays as it is",
    (link) => {
      expect(siteLink(link, "tls.md")).toBeUndefined();
    },
  );
});

describe("the description of a page", () => {
  test("is the first paragraph without its marks", () => {
    expect(descriptionOf("---\na: b\n---\n\n# Title\n\nUse `x` of\n[the **app**](a.md#b).\n\nMore.")).toBe(
      "Use x of the app.",
    );
  });

  test("leaves out comments, code and pictures before it", () => {
    expect(descriptionOf("# Title\n\n<!-- no -->\n\n```js\nno();\n```\n\nYes.")).toBe("Yes.");
  });

  test("is as many whole sentences as fit, or else words", () => {
    expect(descriptionOf("# T\n\nOne is here. Two is there.", 20)).toBe("One is here.");
    expect(descriptionOf("# T\n\nOne two three four.", 12)).toBe("One two…");
  });
});

describe("a page with codes", () => {
  test("lists them on the site, with the anchor, the severity and the first sentence of each", () => {
    const page = [
      "# Codes\n\n## Ports\n\nTwo codes.\n",
      "### `port-taken`\n\nThe [port](tls.md) is\nin use. Nobody `listens`.\n\n- **Severity:** error\n",
      "### `SOCKACT_ERR_TLS`\n\nA key is invalid. `tls` names it.\n",
      "## More\n",
    ].join("\n");
    expect(withListOfCodes(page)).toBe(
      [
        "# Codes\n\n## Ports\n\nTwo codes.\n",
        "- [`port-taken`](codes/port-taken.md){#port-taken} (error): The port is in use.",
        "- [`SOCKACT_ERR_TLS`](codes/SOCKACT_ERR_TLS.md){#sockact_err_tls}: A key is invalid.",
        "## More\n",
      ].join("\n"),
    );
  });

  test.each([
    ["errors.md#sockact_err_tls", "tls.md", "codes/SOCKACT_ERR_TLS.md"],
    ["../doctor.md#port-taken", "coming-from/nginx.md", "../codes/port-taken.md"],
    ["../errors.md#sockact_err_tls", "codes/SOCKACT_WARN_UNCLAIMED.md", "SOCKACT_ERR_TLS.md"],
  ])(
    "has links to one of them, such as %s from %s, that lead to the page of the code",
    (link, page, target) => {
      expect(codePageLink(link, page)).toBe(target);
    },
  );

  test.each([
    ["errors.md#warnings", "tls.md"],
    ["errors.md", "tls.md"],
    ["tls.md#sockact_err_tls", "start.md"],
    ["../errors.md#sockact_err_tls", "codes/SOCKACT_ERR_TLS.md"],
    ["https://nodejs.org/errors.md#sockact_err_tls", "tls.md"],
  ])("stays where %s leads from %s", (link, page) => {
    expect(codePageLink(link, page)).toBeUndefined();
  });
});

test("a page in Markdown has whole addresses, and no front matter, comments or components, but its code as it is", () => {
  const text = [
    "---\na: b\n---\n\n<script setup>\nimport A from './A.vue';\n</script>\n\n# Title\n\n<A />\n",
    "See [a](../tls.md#x), [`b`](koa.md), [c](../../SECURITY.md), [d](#e) and `[f](g.md)`.\n",
    "![h](../public/drawings/socket.svg)\n",
    "<!-- from: x -->\n```md\n[i](j.md)\n<!-- k -->\n```\n",
  ].join("\n");
  expect(publishedMarkdown(text, "frameworks/express.md", "https://site/base/")).toBe(
    [
      "# Title\n",
      `See [a](https://site/base/tls.md#x), [\`b\`](https://site/base/frameworks/koa.md), [c](${webAddress}/blob/main/SECURITY.md), [d](#e) and \`[f](g.md)\`.\n`,
      "![h](https://site/base/drawings/socket.svg)\n",
      "```md\n[i](j.md)\n<!-- k -->\n```\n",
    ].join("\n"),
  );
});

describe("the search", () => {
  test("knows a name as a whole and by its parts", () => {
    expect(wordsOf("SOCKACT_WARN_UNCLAIMED, idleTimeout=5min in .env")).toEqual([
      "SOCKACT_WARN_UNCLAIMED",
      "UNCLAIMED",
      "idleTimeout",
      "idle",
      "Timeout",
      "5min",
      "in",
      "env",
    ]);
  });

  test("leaves out the words that a question has only for its grammar", () => {
    const words = wordsOf("How do I rotate my certificates? It doesn't work: can't read /root/.env");
    expect(words.map(comparedForm).filter((word) => word !== null)).toEqual([
      "rotate",
      "certificates",
      "work",
      "read",
      "/root",
      "root",
      "env",
    ]);
  });

  test("reads the sections of a page with the headings above them, and leaves out a list of codes, which have pages", () => {
    const heading = (level: number, text: string) =>
      `<h${level} id="a">${text} <a class="x" href="#a">&#8203;</a></h${level}>`;
    const code = `<ul>\n<li><a href="./codes/port-taken" id="port-taken"><code>port-taken</code></a>: no</li>\n</ul>`;
    const html = `${heading(1, "Page")}<p>Is <code>a&lt;b</code></p>${heading(2, "Part")}${code}${heading(4, "Place")}<p>Yes</p>`;
    expect(sectionsOf("/x/docs/page.md", html).map(({ titles, text }) => [titles, text.trim()])).toEqual([
      [["Page"], "Is a<b \u0000"],
      [["Page", "Part"], "\u0000"],
      [["Page", "Part", "Place"], "Yes \u0000"],
    ]);
  });

  test("puts a guide before a list, and a list before the API reference", () => {
    const weights = [
      "/base/start#a",
      "/base/tls",
      "/base/codes/SOCKACT_ERR_TLS",
      "/base/reference/core#tls",
    ].map(weightOf);
    expect(weights).toEqual([...weights].sort((a, b) => b - a));
    expect(new Set(weights).size).toBe(4);
  });
});
