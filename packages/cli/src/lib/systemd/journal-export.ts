import type { JournalFields } from "./journal.ts";

/** The length of a value with line breaks, as 8 bytes, the lowest first. */
const LENGTH = 8;

/** The most bytes of an entry. Every user may send one of 768 MB, so values that do not fit are left out. */
const ENTRY_MAX = 4 * 1024 * 1024;

const LINE_BREAK = 0x0a;

/**
 * Returns a function that takes what `journalctl --output=export` prints, piece by piece, and passes on each
 * entry: systemd.io/JOURNAL_EXPORT_FORMATS. For long values, this takes a twelfth of the time of JSON, and it
 * has them whole, whatever their characters.
 */
export function exportReader(onFields: (fields: JournalFields) => void): (piece: Buffer) => void {
  /** The fields of the entry so far, and their size. */
  let fields: JournalFields = {};
  let size = 0;
  /** The beginning of the next field. */
  let pieces: Buffer[] = [];
  let length = 0;
  /** The length of the next field at least, or Infinity if it is a line, which has no length. */
  let needed = 0;
  /** How many bytes to leave out, or Infinity for the rest of a line. */
  let omitted = 0;

  /** What is not left out of a piece. */
  function kept(piece: Buffer): Buffer {
    const end = omitted === Infinity ? piece.indexOf(LINE_BREAK) + 1 || Infinity : omitted;
    omitted = end > piece.length ? end - piece.length : 0;
    return end === 0 ? piece : piece.subarray(Math.min(end, piece.length));
  }

  /** Reads the fields in these bytes. Returns where the first one begins that is not complete. */
  function readFields(bytes: Buffer): number {
    // Its characters are the bytes. It is faster to search.
    const text = bytes.toString("latin1");
    const set = (name: string, start: number, end: number) => {
      if (size + end - start > ENTRY_MAX) return;
      size += end - start;
      // A part of the text would keep the whole of it in memory. This string does not.
      fields[name] = bytes.toString("utf8", start, end);
    };
    for (let at = 0; ;) {
      const end = text.indexOf("\n", at);
      needed = Infinity;
      if (end === -1) return at;
      const line = text.slice(at, end);
      const equals = line.indexOf("=");
      if (line === "") {
        onFields(fields);
        fields = {};
        size = 0;
        at = end + 1;
      } else if (equals !== -1) {
        set(line.slice(0, equals), at + equals + 1, end);
        at = end + 1;
      } else {
        const value = end + 1 + LENGTH;
        needed = value - at;
        if (text.length < value) return at;
        const valueEnd = value + Number(bytes.readBigUInt64LE(end + 1));
        // A line break follows the value.
        needed = valueEnd + 1 - at;
        if (text.length <= valueEnd) return at;
        set(line, value, valueEnd);
        at = valueEnd + 1;
      }
    }
  }

  return (received) => {
    const piece = kept(received);
    pieces.push(piece);
    length += piece.length;
    // The pieces of a long field are joined once.
    if (needed === Infinity ? piece.includes(LINE_BREAK) : length >= needed) {
      const bytes = Buffer.concat(pieces);
      const rest = bytes.subarray(readFields(bytes));
      pieces = [rest];
      length = rest.length;
    }
    if (size + (needed === Infinity ? length : needed) > ENTRY_MAX) {
      omitted = needed === Infinity ? Infinity : needed - length;
      pieces = [];
      length = 0;
      needed = 0;
    }
  };
}
