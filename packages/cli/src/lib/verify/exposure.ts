import { basename, resolve } from "node:path";
import { systemdAnalyze } from "../systemd/analyze.ts";
import { EXPOSURE, OFFLINE_UNKNOWN } from "../printed/systemd.ts";

/** How exposed a service is, as `systemd-analyze security` sees it. */
export interface Exposure {
  readonly file: string;
  /** From 0 to 10; the lower the better. */
  readonly score: number;
  /** `SAFE`, `OK`, `MEDIUM`, `EXPOSED`, `UNSAFE` or `DANGEROUS`. */
  readonly rating: string;
}

/**
 * Rates the sandbox of a service unit.
 *
 * @returns a string is the reason why the score is missing
 */
export async function exposureOf(
  file: string,
  { isUser, policy }: { isUser: boolean; policy: string | undefined },
): Promise<Exposure | string> {
  const options = [
    "--offline=yes",
    "--no-pager",
    ...(policy === undefined ? [] : [`--security-policy=${policy}`]),
  ];
  const ended = await systemdAnalyze({ user: isUser }, "security", ...options, "--", resolve(file));
  if (ended === undefined) return "systemd-analyze is missing, so the sandbox was not rated";
  if (OFFLINE_UNKNOWN.test(ended.stderr))
    return "the sandbox was not rated: systemd-analyze security reads files since systemd 250";
  const [[, , score, rating] = []] = [...ended.stdout.matchAll(EXPOSURE)];
  if (score === undefined || rating === undefined) {
    const why = ended.stderr.trim().split("\n").at(-1) || `exit status ${ended.code}`;
    return `the sandbox of ${basename(file)} was not rated: ${why}`;
  }
  return { file, score: Number(score), rating };
}
