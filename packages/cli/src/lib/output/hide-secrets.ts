const HIDDEN = "…";

/** Names of options and variables with secrets. */
const secretName = String.raw`[\w-]*(?:password|passwd|passphrase|pwd|secret|token|(?:api|private|access)[-_]?key|credential|auth)[\w-]*`;
const value = String.raw`(?:"[^"]*"|'[^']*'|\S+)`;

const patterns: [RegExp, string][] = [
  // A password in a URL may have slashes and more @.
  [/(\b[a-z][a-z\d+.-]*:\/\/)(?:[^\s:/@?#]*:\S*|[^\s:/@?#]+)@/gi, `$1${HIDDEN}@`],
  [new RegExp(`(--?${secretName}[= ])${value}`, "gi"), `$1${HIDDEN}`],
  [new RegExp(String.raw`\b(${secretName}=)${value}`, "gi"), `$1${HIDDEN}`],
];

/** A command line without parts that look like secrets, because users share it. */
export function hideSecrets(command: string): string {
  return patterns.reduce((rest, [pattern, instead]) => rest.replaceAll(pattern, instead), command);
}
