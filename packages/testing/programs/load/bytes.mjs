// Pseudo-random bytes from a seed, for both ends of a transfer to compare.
import { createCipheriv, createHash } from "node:crypto";

const CHUNK = 65_536;

/** @returns {Generator<Buffer>} */
export function* bytesFrom(seed, length) {
  const key = createHash("sha256").update(String(seed)).digest();
  const cipher = createCipheriv("aes-256-ctr", key, Buffer.alloc(16));
  for (let left = length; left > 0; left -= CHUNK) yield cipher.update(Buffer.alloc(Math.min(left, CHUNK)));
}

/** The number of bytes, and their SHA-256. */
export async function digest(chunks) {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest("hex") };
}
