/** What `npm audit --json` prints. Without `vulnerabilities`, it could not ask. */
export interface AuditReport {
  vulnerabilities?: Record<
    string,
    { via: (string | { title: string; url: string; severity: string; range: string })[] }
  >;
  message?: string;
  error?: { summary: string };
}

/** Advisories that no version we could install is free of, with the reason why we install one that is not. */
const accepted: Record<string, string> = {
  "GHSA-jx2c-rxcm-jvmq": "fastify 4 has no fix, and the tests of @sockact/fastify need it",
  "GHSA-444r-cwp2-x5xf": "fastify 4 has no fix, and the tests of @sockact/fastify need it",
};

/** The advisories that count: each one on a package that users install, and of all others those from moderate on that we have not accepted. */
export function advisoriesIn(
  { vulnerabilities = {} }: AuditReport,
  published: ReadonlySet<string>,
): string[] {
  return Object.entries(vulnerabilities).flatMap(([name, { via }]) =>
    via
      // What has only a vulnerable dependency is there with the name of the dependency, which has an entry too.
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
