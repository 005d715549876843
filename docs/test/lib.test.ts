import { describe, expect, test } from "vitest";
import { pageOfAllCodes } from "../codes/page-of-all-codes.ts";
import { webAddress } from "../../scripts/lib/packages.ts";
import { descriptionOf } from "../.vitepress/lib/descriptions.ts";
import { generatedPageLink } from "../.vitepress/lib/generated-pages.ts";
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

describe("a code", () => {
  test("is listed with its severity and its first sentence", () => {
    const entry = { theme: "Ports: `net`", page: "codes/doctor.md" };
    const page = pageOfAllCodes([
      {
        ...entry,
        code: "port-taken",
        severity: "error",
        meaning: "The [port](../tls.md) is\nin use. Nobody `listens`.",
      },
      { ...entry, code: "SOCKACT_ERR_TLS", meaning: "A key is invalid. `tls` names it." },
    ]);
    expect(page).toMatch(
      /\n\n## Ports: `net`\n\n- \[`port-taken`\]\(port-taken.md\) \(error\): The port is in use.\n- \[`SOCKACT_ERR_TLS`\]\(SOCKACT_ERR_TLS.md\): A key is invalid.\n$/,
    );
  });

  test.each([
    ["codes/errors.md#sockact_err_tls", "tls.md", "codes/SOCKACT_ERR_TLS.md"],
    ["../codes/doctor.md#port-taken", "coming-from/nginx.md", "../codes/port-taken.md"],
    ["errors.md#sockact_err_tls", "codes/SOCKACT_WARN_UNCLAIMED.md", "SOCKACT_ERR_TLS.md"],
    ["codes/lint.md", "lint.md", "codes/index.md#linter-files-lines-and-values"],
    ["outputs/help-install.txt", "command-line.md", "commands/install.md"],
  ])("has a page, to which %s leads from %s, as the help of a command has", (link, page, target) => {
    expect(generatedPageLink(link, page)).toBe(target);
  });

  test.each([
    ["errors.md#warnings", "tls.md"],
    ["codes/errors.md#warnings", "tls.md"],
    ["tls.md#sockact_err_tls", "start.md"],
    ["outputs/error.txt", "command-line.md"],
    ["https://nodejs.org/codes/errors.md#sockact_err_tls", "tls.md"],
  ])("does not change where %s leads from %s", (link, page) => {
    expect(generatedPageLink(link, page)).toBeUndefined();
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

  test("reads the sections of a page with the headings above them", () => {
    const heading = (level: number, text: string) =>
      `<h${level} id="a">${text} <a class="x" href="#a">&#8203;</a></h${level}>`;
    const html = `${heading(1, "Page")}<p>Is <code>a&lt;b</code></p>${heading(2, "Part")}${heading(4, "Place")}<p>Yes</p>`;
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
