/** What `npm audit --json` prints. Without `vulnerabilities`, it could not ask. */
export interface AuditReport {
  vulnerabilities?: Record<
    string,
    { severity: string; range: string; via: (string | { title: string; url: string })[] }
  >;
  message?: string;
  error?: { summary: string };
}

/** The vulnerabilities that count: each one of a package that users install, and of all others those from moderate on. */
export function vulnerabilitiesIn(report: AuditReport, published: ReadonlySet<string>): string[] {
  return Object.entries(report.vulnerabilities ?? {})
    .filter(([name, { severity }]) => published.has(name) || !["info", "low"].includes(severity))
    .map(([name, { severity, range, via }]) => {
      const causes = via.map((cause) =>
        typeof cause === "string" ? `by ${cause}` : `${cause.title} (${cause.url})`,
      );
      return `${name} ${range}, ${severity}: ${causes.join("; ")}`;
    });
}

/** Why npm could not ask the registry. */
export function whyNotAsked({ vulnerabilities, message, error }: AuditReport): string | undefined {
  return vulnerabilities === undefined ? error?.summary || message || "npm gave no reason" : undefined;
}
