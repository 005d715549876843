import { createHash } from "node:crypto";

/**
 * Who wrote a unit file or a site: this program for this service, someone who edited it afterwards, or another author.
 */
type Writer = "sockact" | "edited" | "foreign";

const pattern = /^# Written by sockact install for (\S+)\.[^\n]*\n# Content: sha256:([0-9a-f]{64})\n/;

export function sha256(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

/**
 * Adds the header to a unit. It has no version and no time, so the same description always gives the same
 * file.
 */
export function withHeader(
  name: string,
  unit: string,
  text: string,
  advice = `Your own settings: systemctl edit ${unit}`,
): string {
  return `# Written by sockact install for ${name}. ${advice}\n# Content: sha256:${sha256(text)}\n${text}`;
}

/** A unit without the header. */
export function withoutHeader(text: string): string {
  return text.replace(pattern, "");
}

/** Whether a unit file begins with the header of any service. */
export function hasHeader(content: string): boolean {
  return pattern.test(content);
}

/** Who wrote a unit file of this service. */
export function authorOf(name: string, content: string): Writer {
  const [header, service, hash] = pattern.exec(content) ?? [];
  if (header === undefined || service !== name) return "foreign";
  return sha256(content.slice(header.length)) === hash ? "sockact" : "edited";
}
