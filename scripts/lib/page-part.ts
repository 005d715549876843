/** The part of a page between the comments `<!-- name -->` and `<!-- /name -->`, which a program writes. */
export function partOf(page: string, name: string): string {
  const part = between(name).exec(page)?.[0];
  if (part === undefined) throw new Error(`The page has no <!-- ${name} --> and <!-- /${name} -->.`);
  return part;
}

/** A page with other content in such a part. */
export function withPart(page: string, name: string, text: string): string {
  partOf(page, name);
  return page.replace(between(name), () => `\n${text.trim()}\n\n`);
}

function between(name: string): RegExp {
  return new RegExp(`(?<=<!-- ${name} -->\n)[^]*?(?=<!-- /${name} -->)`);
}
