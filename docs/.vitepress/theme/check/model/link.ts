import { deflateSync, inflateSync, strFromU8, strToU8 } from "fflate";
import { isTooLong } from "./check.ts";
import { longestName, mostFiles, withLineFeeds, type UnitText } from "./split.ts";

export interface Shared {
  files: UnitText[];
  user: boolean;
}

/** Some browsers and chat programs truncate longer links. */
const longestHash = 8000;

const base64 = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

const bytesOf = (text: string): Uint8Array =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

/** Compresses the files into the hash of a link. Returns `undefined` if the link would be too long. */
export function toHash({ files, user }: Shared): string | undefined {
  const packed = base64(
    deflateSync(strToU8(JSON.stringify(files.map(({ name, text }) => [name, text]))), { level: 9 }),
  );
  const hash = `#${user ? "user&" : ""}units=${packed}`;
  return hash.length > longestHash ? undefined : hash;
}

const isPair = (pair: unknown): pair is [name: string, text: string] =>
  Array.isArray(pair) &&
  typeof pair[0] === "string" &&
  // A number may follow the name, such as -50.
  pair[0].length <= longestName + 3 &&
  typeof pair[1] === "string";

/** Reads the hash of a link. Returns `undefined` for any other hash, such as the one of a heading. */
export function fromHash(hash: string): Shared | undefined {
  const [, user, packed = ""] = /^#(user&)?units=([\w-]+)$/.exec(hash) ?? [];
  if (packed === "" || hash.length > longestHash) return undefined;
  try {
    const pairs: unknown = JSON.parse(strFromU8(inflateSync(bytesOf(packed))));
    if (!Array.isArray(pairs) || !pairs.every(isPair) || pairs.length === 0 || pairs.length > mostFiles)
      return undefined;
    const files = pairs.map(([name, text]) => ({ name, text: withLineFeeds(text) }));
    if (isTooLong(files)) return undefined;
    const names = new Set(files.map(({ name }) => name));
    return names.size === files.length ? { files, user: user !== undefined } : undefined;
  } catch {
    return undefined;
  }
}
