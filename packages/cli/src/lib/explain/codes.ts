// The build puts the pages of docs/ into the program, so that they are not written twice.
import doctor from "../../../../../docs/codes/doctor.md";
import errors from "../../../../../docs/codes/errors.md";
import lint from "../../../../../docs/codes/lint.md";
import prove from "../../../../../docs/codes/prove.md";
import { site } from "../shared/site.ts";
import { readCodes, type DocumentedCode } from "./read-codes.ts";

/** The pages of docs/ that describe codes. */
const pages: Readonly<Record<string, string>> = {
  "codes/errors.md": errors,
  "codes/lint.md": lint,
  "codes/doctor.md": doctor,
  "codes/prove.md": prove,
};

/** The documentation of a code, as Markdown with absolute links. */
export interface CodeExplanation extends Omit<DocumentedCode, "page"> {
  /** Its page on the docs site. */
  url: string;
}

/** All codes, in the order of the pages. */
export function explainedCodes(): CodeExplanation[] {
  return readCodes(pages).map(({ page, ...fields }) => {
    const texts = Object.entries(fields).map(([field, text]) => [field, withAbsoluteLinks(text, page)]);
    return { ...(Object.fromEntries(texts) as typeof fields), url: `${site}codes/${fields.code}` };
  });
}

function withAbsoluteLinks(markdown: string, page: string): string {
  const base = new URL(page, site);
  return markdown.replaceAll(
    /\]\(([^)]+)\)/g,
    // The addresses of the site have no suffix.
    (_, target: string) => `](${new URL(target, base).href.replace(/\.md(?=#|$)/, "")})`,
  );
}
