import { nearest } from "@sockact/shared/nearest";
import { ProveError } from "../prove-error.ts";
import { formatJson } from "./json.ts";
import { formatJUnit } from "./junit.ts";
import { formatMarkdown } from "./markdown.ts";
import { formatSarif } from "./sarif.ts";
import type { Findings } from "./sentences.ts";
import { formatText } from "./text.ts";

/** A format of `--format` and `--output`. */
export type Format = "text" | "json" | "junit" | "markdown" | "sarif";

const formats: Readonly<Record<Format, (findings: Findings, prefix: string) => string>> = {
  text: (findings) => formatText(findings),
  json: formatJson,
  junit: formatJUnit,
  markdown: formatMarkdown,
  sarif: formatSarif,
};

const names = Object.keys(formats) as Format[];

/**
 * The format with a name.
 *
 * @throws ProveError with `SOCKACT_ERR_PROVE_OPTION` for an unknown one
 */
export function formatNamed(name: string): Format {
  const format = names.find((known) => known === name);
  if (format !== undefined) return format;
  const near = nearest(name, names);
  throw new ProveError(
    "SOCKACT_ERR_PROVE_OPTION",
    `unknown format ${JSON.stringify(name)}`,
    near === undefined ? `The formats are ${names.join(", ")}.` : `Did you mean ${near}?`,
  );
}

/**
 * A report in a format.
 *
 * @param prefix the path of the app's folder from the root of its repository; empty if it is the root
 */
export const formatFindings = (format: Format, findings: Findings, prefix: string): string =>
  formats[format](findings, prefix);

/** A file to write, such as `junit=report.xml`. */
export interface OutputFile {
  readonly format: Format;
  readonly file: string;
}

/**
 * Reads `junit=report.xml`.
 *
 * @throws ProveError with `SOCKACT_ERR_PROVE_OPTION` for an unknown format, or without a file
 */
export function parseOutput(text: string): OutputFile {
  const [name = "", ...rest] = text.split("=");
  const file = rest.join("=");
  if (rest.length === 0 && !names.some((known) => known === name))
    throw new ProveError(
      "SOCKACT_ERR_PROVE_OPTION",
      `an output is a format and a file, such as junit=report.xml; got ${JSON.stringify(text)}`,
      `Write --output FORMAT=${text}. The formats are ${names.join(", ")}.`,
    );
  const format = formatNamed(name);
  if (file !== "") return { format, file };
  throw new ProveError(
    "SOCKACT_ERR_PROVE_OPTION",
    `no file for the format ${name}`,
    `Write --output ${name}=FILE.`,
  );
}
