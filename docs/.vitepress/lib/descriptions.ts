/**
 * The first paragraph of a page as plain text, which search engines and llms.txt show; whole sentences, as
 * many as fit.
 */
export function descriptionOf(markdown: string, longest = 200): string {
  const paragraphs = markdown
    .replace(/^---\n.*?\n---\n/s, "")
    .replaceAll(/<!--.*?-->/gs, "")
    .replaceAll(/^(```|~~~).*?^\1/gms, "")
    .split(/\n\s*\n/);
  const isText = (paragraph: string): boolean => /^[\p{L}\p{N}`[*"_]/u.test(paragraph.trim());
  const text = (paragraphs.find(isText) ?? "")
    .replaceAll(/!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])?/g, "$1")
    .replaceAll(/[`*]/g, "")
    .replaceAll(/\s+/g, " ")
    .trim();
  if (text.length <= longest) return text;
  const sentences = text.slice(0, longest).match(/^.*[.?!](?=\s)/)?.[0];
  return sentences ?? `${text.slice(0, longest - 1).replace(/\s+\S*$/, "")}…`;
}
