import { parse as parseToml } from "smol-toml";
import { parseAllDocuments } from "yaml";

/** The parsers of the languages that have data. Each throws an error for what it does not read. */
const parsers: Readonly<Record<string, (code: string) => unknown>> = {
  json: (code) => JSON.parse(code) as unknown,
  jsonc: (code) => JSON.parse(code.replaceAll(/("(?:\\.|[^"\\])*")|\/\/.*|\/\*[^]*?\*\//g, "$1")) as unknown,
  yaml: (code) => {
    for (const { errors } of parseAllDocuments(code)) if (errors[0] !== undefined) throw errors[0];
  },
  toml: (code) => parseToml(code),
};

export const dataLanguages: readonly string[] = [...Object.keys(parsers), "yml"];

/** Why a block of data cannot be parsed, or `undefined`. */
export function dataProblem(language: string, code: string): string | undefined {
  try {
    parsers[language === "yml" ? "yaml" : language]!(code);
    return undefined;
  } catch (error) {
    return (error as Error).message.split("\n")[0];
  }
}
