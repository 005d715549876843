import { statSync } from "node:fs";
import { readJsonFile } from "../shared/read-file.ts";
import type { Expiries } from "./certificates.ts";

/** The service that writes the file may read every certificate. That of the metrics may not. */
export const CERTIFICATES_FILE = "/run/sockact-metrics-certificates.json";

/** The most bytes of the file. A host name and its time have about 50. */
const SIZE_MAX = 1_000_000;

/**
 * Returns a function that reads the file if it has changed. While it is written, is too large, or has another
 * form, the certificates are those from before.
 */
export function certificatesFile(path = CERTIFICATES_FILE): () => Expiries {
  let seen = "";
  let expiries: Expiries = {};
  return () => {
    try {
      const { mtimeNs, size } = statSync(path, { bigint: true });
      const current = `${mtimeNs} ${size}`;
      if (current === seen) return expiries;
      const value: unknown = size > SIZE_MAX ? undefined : readJsonFile(path);
      if (!areExpiries(value)) return expiries;
      seen = current;
      expiries = value;
    } catch {
      // It is not there yet, or not complete.
    }
    return expiries;
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const areExpiries = (value: unknown): value is Expiries =>
  isRecord(value) &&
  Object.values(value).every((own) => isRecord(own) && Object.values(own).every(Number.isFinite));
