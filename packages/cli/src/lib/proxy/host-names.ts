import { CliError } from "../shared/cli-error.ts";

/** RFC 1123, section 2.1: letters, digits and hyphens, 63 of them at most. */
const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;

/** Words with a meaning of their own in the place of a host name, in a Caddyfile or in a map of nginx. */
const WORDS = new Set(["import", "default", "hostnames", "include", "volatile"]);

/** RFC 1035, section 2.3.4, without the last dot. */
const LONGEST = 253;

/**
 * The host names of a service in the form in which a browser sends them. They become part of the
 * configuration of a proxy. Throws for anything but host names.
 *
 * @param where the option or the field that has them
 */
export function hostNames(given: readonly unknown[], where: string): string[] {
  if (given.length === 0) throw refused(where, "is empty", "Name a host, such as shop.example.com.");
  const names = given.map((name) => hostName(name, where));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw refused(where, `has ${twice} twice`, "Name each host once.");
  return names;
}

function hostName(given: unknown, where: string): string {
  const fail = (why: string, hint: string): CliError =>
    refused(where, `has ${JSON.stringify(given)}, which ${why}`, hint);
  if (typeof given !== "string") throw fail("is not a string", "Write host names, such as shop.example.com.");
  if (given.startsWith("*."))
    throw fail(
      "is a wildcard",
      "Name each host. A certificate for all names below a domain needs access to its DNS.",
    );
  if (/^\w+:\/\//.test(given) || /[/:]/.test(given))
    throw fail("is not only a host name", "Leave out the scheme, the port and the path: shop.example.com.");
  // It also decodes percent signs and removes spaces, and a host name has neither.
  const isPlain = /^[\p{L}\p{M}\p{N}.-]+$/u.test(given);
  const name = isPlain ? asInUrl(given.replace(/\.$/, "")) : "";
  // A URL has every form of an IPv4 address in this one.
  if (/^[\d.]+$/.test(name))
    throw fail("is an address", "A site needs a host name, such as shop.example.com.");
  if (name === "" || name.length > LONGEST || !name.split(".").every((label) => LABEL.test(label)))
    throw fail(
      "is not a host name",
      "A host name has letters, digits, hyphens and dots, such as shop.example.com.",
    );
  if (WORDS.has(name))
    throw fail(
      "is a word of the proxy's configuration",
      `Write a name with a dot, such as ${name}.example.com.`,
    );
  return name;
}

/** The host name as it is in a URL, in Node and in a browser. Empty if it can't be in one. */
function asInUrl(name: string): string {
  const url = `http://${name}`;
  return URL.canParse(url) ? new URL(url).hostname : "";
}

function refused(where: string, what: string, hint: string): CliError {
  return new CliError("SOCKACT_ERR_USAGE", `${where} ${what}`, hint);
}
