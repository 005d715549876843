import type { AppDescription } from "@sockact/units";

/** An app that is described with no specifiers. */
export type Example = Omit<AppDescription, "exec" | "environment"> & {
  exec: readonly string[];
  environment?: Readonly<Record<string, string>>;
};

/** A way to run examples under socket activation. */
export interface Stage {
  /** What it is, for a person to read. */
  title: string;
  /** Listens for an example, lets requests start it, and stops it again. Rejects with all that is known when an answer doesn't come. */
  perform(description: Example): Promise<Performance>;
  close(): Promise<void>;
}

/** What was seen of one example. */
export interface Performance {
  /** The names of the units that were emitted. */
  units: string[];
  /** What listened before the app ran. */
  listening: { socket: string; address: string }[];
  answers: Answer[];
  /** Where the log lines come from. */
  logName: string;
  log: string[];
}

export interface Answer {
  url: string;
  status: number;
  body: string;
  /** From the request to the whole answer. */
  milliseconds: number;
}

/** Asks for the greeting at the first address of the app, and who answers at the second. */
export async function ask(
  bases: string[],
  request: (url: string) => Promise<{ status: number; body: string }>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const [index, base] of bases.entries()) {
    const url = `${base}${index === 0 ? "/" : "/api/whoami"}`;
    const start = performance.now();
    const { status, body } = await request(url);
    answers.push({ url, status, body: body.trim(), milliseconds: performance.now() - start });
    if (status !== 200) throw new Error(`${url} answered with status ${status}: ${body}`);
  }
  return answers;
}
