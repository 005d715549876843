/** The output of `npm audit --json`. It has no `vulnerabilities` if npm could not ask the registry. */
export interface AuditReport {
  vulnerabilities?: Record<
    string,
    { via: (string | { title: string; url: string; severity: string; range: string })[] }
  >;
  message?: string;
  error?: { summary: string };
}

/** Advisories that we accept because every version that we could install has them. Each has the reason. */
const accepted: Record<string, string> = {
  "GHSA-jx2c-rxcm-jvmq": "fastify 4 has no fix, and the tests of @sockact/fastify need it",
  "GHSA-444r-cwp2-x5xf": "fastify 4 has no fix, and the tests of @sockact/fastify need it",
};

/** The advisories that count: every one for a package that users install, and for other packages those of at least moderate severity that we have not accepted. */
export function advisoriesIn(
  { vulnerabilities = {} }: AuditReport,
  published: ReadonlySet<string>,
): string[] {
  return Object.entries(vulnerabilities).flatMap(([name, { via }]) =>
    via
      // A package that only depends on a vulnerable one is listed with the name of that dependency, which has its own entry.
      .filter((cause) => typeof cause !== "string")
      .filter(
        ({ severity, url }) =>
          published.has(name) ||
          !(["info", "low"].includes(severity) || Object.keys(accepted).some((id) => url.endsWith(id))),
      )
      .map(({ title, url, severity, range }) => `${name} ${range}, ${severity}: ${title} (${url})`),
  );
}

/** Why npm could not ask the registry. */
export function whyNotAsked({ vulnerabilities, message, error }: AuditReport): string | undefined {
  return vulnerabilities === undefined ? error?.summary || message || "npm gave no reason" : undefined;
}
