import { parseAllDocuments } from "yaml";

/** The parsers of the data languages. Each throws an error for invalid data. */
const parsers: Readonly<Record<string, (code: string) => unknown>> = {
  json: (code) => JSON.parse(code) as unknown,
  yaml: (code) => {
    for (const { errors } of parseAllDocuments(code)) if (errors[0] !== undefined) throw errors[0];
  },
};

export const dataLanguages: readonly string[] = Object.keys(parsers);

/** Why a block of data cannot be parsed, or `undefined`. */
export function dataProblem(language: string, code: string): string | undefined {
  try {
    parsers[language]!(code);
    return undefined;
  } catch (error) {
    return (error as Error).message.split("\n")[0];
  }
}
