import { isAbsolute, posix } from "node:path";
import { pathToFileURL } from "node:url";
import { jsonText, printable } from "@sockact/shared/clean";
import type { Place } from "../report.ts";
import type { Markup } from "./fill.ts";
import { causeText, type Findings, keyOf } from "./sentences.ts";

const markup: Markup = { code: (text) => text, value: printable };

/** Half of a pair of UTF-16 has no form in an address. */
const wellFormed = (text: string): string => Buffer.from(text).toString();

/** @param prefix the app's folder in the repository: code scanning requires paths from its root */
function locationOf({ file, line, column }: Place, prefix: string) {
  const uri = isAbsolute(file)
    ? pathToFileURL(wellFormed(file)).href
    : posix.join(prefix, wellFormed(file)).split("/").map(encodeURIComponent).join("/");
  return {
    physicalLocation: {
      artifactLocation: { uri },
      ...(line > 0 && { region: { startLine: line, ...(column > 0 && { startColumn: column }) } }),
    },
  };
}

/** A SARIF 2.1.0 log of the causes that have a place in the code. The other ones are not in it. */
export function formatSarif({ report }: Findings, prefix: string): string {
  const found = report.checks.flatMap(({ id, causes }) =>
    causes.filter(({ places }) => places.length > 0).map((cause) => ({ id, cause })),
  );
  // A cause may break several promises.
  const results = [
    ...new Map(found.toReversed().map((each) => [keyOf(each.cause), each])).values(),
  ].toReversed();
  const texts = new Map(results.map(({ cause }) => [cause.code, causeText(cause, markup)]));
  const codes = [...texts.keys()];
  return `${jsonText(
    {
      $schema: "https://json.schemastore.org/sarif-2.1.0.json",
      version: "2.1.0",
      runs: [
        {
          tool: {
            driver: {
              name: "@sockact/prove",
              version: report.versions.sockact,
              informationUri: "https://github.com/sockact/sockact",
              rules: Array.from(texts.values(), ({ code, why, fix, url }) => ({
                id: code,
                shortDescription: { text: why || code },
                ...(fix !== "" && { help: { text: fix } }),
                helpUri: url,
                defaultConfiguration: { level: "error" },
              })),
            },
          },
          results: results.map(({ id, cause }) => {
            const { says, fix } = causeText(cause, markup);
            const [place, ...others] = cause.places;
            return {
              ruleId: cause.code,
              ruleIndex: codes.indexOf(cause.code),
              level: "error",
              message: { text: `${says || cause.code}\nBroken: ${id}.${fix === "" ? "" : `\nFix: ${fix}`}` },
              locations: [locationOf(place!, prefix)],
              ...(others.length > 0 && {
                relatedLocations: others.map((other) => locationOf(other, prefix)),
              }),
            };
          }),
          columnKind: "utf16CodeUnits",
        },
      ],
    },
    2,
  )}\n`;
}
