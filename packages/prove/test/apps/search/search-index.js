import { createHash } from "node:crypto";

/** The words of all documents. */
export function buildIndex() {
  const index = new Map();
  for (let id = 0; id < 600_000; id++) {
    const text = createHash("sha256").update(`document ${id}`).digest("hex");
    for (let at = 0; at < 8; at += 2) {
      const word = text.slice(at, at + 2);
      if (!index.has(word)) index.set(word, new Set());
      index.get(word).add(id);
    }
  }
  return index;
}
