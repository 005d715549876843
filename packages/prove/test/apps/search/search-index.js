import { createHash } from "node:crypto";

const VERSIONS = 14;
/** How much processor time it takes on any machine, in microseconds: more than `sockact prove` allows a start. */
const TIME = 6_000_000;

/** The words of all documents, in each of their versions. */
export function buildIndex() {
  const index = new Map();
  for (let id = 0; process.cpuUsage().user < TIME; id++) {
    let text = `document ${id}`;
    for (let version = 0; version < VERSIONS; version++)
      text = createHash("sha256").update(text).digest("hex");
    const word = text.slice(0, 2);
    if (!index.has(word)) index.set(word, new Set());
    index.get(word).add(id);
  }
  return index;
}
