import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const repository = resolve(import.meta.dirname, "../../..");

/** Code that a reader can paste into a file. */
export interface Snippet {
  /** Where it is, and in which module system. */
  title: string;
  language: string;
  file: string;
  code: string;
}

const requires = /const [^=]+ = require\("[^"]+"\);/g;

/** What a text has for a module system that is not that of its snippet. */
function inCommonJS(code: string, after: string): string | undefined {
  const [next = "", , nextCode = ""] = /^[^#]*?```(js|ts)\n([^]*?)```/.exec(after) ?? [];
  if (nextCode.includes("require(") && nextCode.replace(requires, "").trim() !== "") return nextCode;
  const lines = (nextCode.includes("require(") ? next : after.split("\n```")[0]!.split("\n## ")[0]!).match(
    requires,
  );
  if (lines === null) return undefined;
  const named = after.split("```")[0]!.includes("`exec` names `/srv/shop/server.js`");
  const body = code
    .replace(/^import .*\n/gm, "")
    .replace("/srv/shop/server.mjs", named ? "/srv/shop/server.js" : "$&");
  const wrapped = /async function around/.test(after.split("\n```")[0]!)
    ? `(async () => {\n${body}})();\n`
    : body;
  return `${lines.join("\n")}\n${wrapped}`;
}

/** The snippets of a text that import packages of this repository, each in both forms. The path of the text starts in the repository. */
export function snippetsOf(text: string): Snippet[] {
  const markdown = readFileSync(resolve(repository, text), "utf8");
  return [...markdown.matchAll(/```(js|ts)\n([^]*?)```\n/g)]
    .filter(([, , code]) => /^import .* from "(?:@sockact\/\w+|sockact)";$/m.test(code!))
    .flatMap(({ index: at, 0: block, 1: language, 2: code }, index) => {
      const before = markdown.slice(0, at).split("```").at(-1)!;
      const [, file = "snippet.mjs"] = /Save this as `([\w.-]+)`/.exec(before) ?? [];
      const title = `${text}, snippet ${index + 1}`;
      const commonJS = inCommonJS(code!, markdown.slice(at + block.length));
      return [
        { title, language: language!, file, code: code! },
        {
          title: `${title}, CommonJS`,
          language: "js",
          file: file.replace(/\.\w+$/, ".js"),
          code: commonJS ?? "",
        },
      ];
    });
}

/** What the first install command of a text installs. The path of the text starts in the repository. */
export function namesToInstall(text: string): string[] {
  const command = /^npm install (.+)$/m.exec(readFileSync(resolve(repository, text), "utf8"));
  if (command === null) throw new Error(`${text} has no line that begins with "npm install".`);
  return (command[1] as string).split(" ");
}
