import type { AppDescription } from "@sockact/units";

/** A description of an app without specifiers. */
export type Example = Omit<AppDescription, "exec" | "environment"> & {
  exec: readonly string[];
  environment?: Readonly<Record<string, string>>;
};

/** A way to run examples under socket activation. */
export interface Stage {
  /** Its name, for the output. */
  title: string;
  /** Listens for an example, starts it by requests, and stops it again. If an answer does not come, the error has the log. */
  perform(description: Example): Promise<Performance>;
  close(): Promise<void>;
}

/** The facts that the demo shows of one example. */
export interface Performance {
  /** The names of the units. */
  units: string[];
  /** The sockets that listened before the app ran. */
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
  /** The time from the request to the end of the answer. */
  milliseconds: number;
}

/** Requests the greeting at the first address of the app, and `/api/whoami` at the second. */
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
