import { type AppDescription, emitUnits, explain, type Explanation, UnitError } from "@sockact/units";
import type { SandboxField } from "../../../packages/units/src/lib/description/hardening.ts";
import { sandboxDirectives } from "../../../packages/units/src/lib/read/sandbox/directives.ts";
import { failures } from "../../../packages/units/test/whole-app.ts";

const explained = explain().filter(({ section }) => section === "Service");
const fields = new Map(
  Object.entries(sandboxDirectives).map(([field, { key }]) => [key, field as SandboxField]),
);
const code = (text: string) => (text === "" ? "empty" : `\`${text}\``);

/** The explanations of each directive, in the order in which the directives first appear. */
function byDirective(explanations: Explanation[]): [string, Explanation[]][] {
  const groups = new Map<string, Explanation[]>();
  for (const explanation of explanations) {
    const { directive, status, value } = explanation;
    const name = `${directive}=${status === "left out" ? (value ?? "") : ""}`;
    groups.set(name, [...(groups.get(name) ?? []), explanation]);
  }
  return [...groups];
}

/** Marks directives, fields, calls, paths and error codes in a reason as code. */
const marked = (text: string) =>
  text.replaceAll(
    /(?<![\w`/])(?:[A-Z]\w+=\w*|[\w.]+\(\)|\/[\w/]+|E[A-Z]{4,}|(?:[a-z]+[A-Z]\w*|jitless)(?:: (?:true|false|\[[^\]]*\]))?)/g,
    "`$&`",
  );

const unique = (texts: (string | undefined)[]) => [...new Set(texts.filter((text) => text !== undefined))];

/** One text if both profiles have the same, or one that says which profile each part is for. */
function perProfile(
  of: (profile: "inbound" | "outbound") => string,
  join: (texts: [string, string]) => string,
) {
  const texts: [string, string] = [of("inbound"), of("outbound")];
  if (texts[0] === texts[1] || texts[1] === "") return texts[0];
  return join(texts);
}

/** A value that loosens a directive and keeps a part of it. */
const partly: Partial<Record<SandboxField, unknown>> = {
  protectHome: "read-only",
  procSubset: "all",
  restrictNamespaces: ["user"],
  umask: "0027",
  systemCallFilter: ["@resources"],
  restrictAddressFamilies: ["AF_UNIX"],
};

const app: AppDescription = {
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  sockets: [{ listen: 80 }],
};

/** The lines of a directive in the service, when one field of `hardening` has this value. */
function linesWith(field: SandboxField, value: unknown, user?: string): string[] {
  const isInbound = ["privateNetwork", "procSubset", "restrictAddressFamilies", "ipAddressDeny"].includes(
    field,
  );
  const profile = isInbound ? "inbound" : "outbound";
  const units = emitUnits({ ...app, user, hardening: { profile, [field]: value } });
  return units["shop.service"]!.split("\n").filter((line) =>
    line.startsWith(`${sandboxDirectives[field].key}=`),
  );
}

/** Whether `false` turns a directive off. Without a user, DynamicUser= may imply it. */
function isOff(field: SandboxField, user?: string): boolean {
  try {
    return linesWith(field, false, user).length === 0;
  } catch (error) {
    if (error instanceof UnitError) return false;
    throw error;
  }
}

/**
 * What to write to turn a directive off, or to loosen it, unless it is only `false`, as the page says of all
 * fields. Each value is tried here.
 */
function loosened(field: SandboxField): string {
  const part = partly[field];
  const choices = part === undefined ? [] : [part];
  let needsUser = false;
  if (!isOff(field)) {
    if (!isOff(field, "shop")) return "";
    needsUser = true;
  }
  for (const choice of choices)
    if (linesWith(field, choice).length === 0) throw new Error(`No line of ${field} is left.`);
  if (choices.length === 0 && !needsUser) return "";
  const written = (value: unknown) => `\`${field}: ${JSON.stringify(value).replaceAll(",", ", ")}\``;
  return [...choices.map(written), `${written(false)}${needsUser ? ", and set `user` too" : ""}`].join(
    ", or ",
  );
}

/** What each line of the sandbox does. */
export function directiveSections(): string {
  const written = explained.filter(({ directive, status }) => status === "added" && fields.has(directive));
  return byDirective(written)
    .map(([directive, explanations]) => {
      const of = (profile: string) => explanations.filter((explanation) => explanation.profile === profile);
      const values = perProfile(
        (profile) => {
          const texts = of(profile).map(({ value = "" }) => code(value));
          return texts.length === 0 ? "left out" : texts.join(" and ");
        },
        ([inbound, outbound]) => `${inbound} under \`inbound\`, ${outbound} under \`outbound\``,
      );
      const costs = perProfile(
        (profile) => unique(of(profile).map(({ cost }) => cost)).join(" "),
        ([inbound, outbound]) => `Under \`inbound\`: ${inbound} Under \`outbound\`: ${outbound}`,
      );
      const loosen = loosened(fields.get(directive.slice(0, -1))!);
      const isOneValue = /^`[^`]*`$/.test(values);
      return [
        `### ${code(isOneValue ? `${directive}${values.slice(1, -1)}` : directive)}\n`,
        `${marked(unique(explanations.map(({ reason }) => reason)).join(" "))}\n`,
        ...(isOneValue ? [] : [`- **Value:** ${values}`]),
        ...(costs === "" ? [] : [`- **What breaks:** ${marked(costs)}`]),
        ...(loosen === "" ? [] : [`- **To loosen it:** ${loosen}`]),
        "",
      ].join("\n");
    })
    .join("\n");
}

/** The directives that no profile has. Those with the reason of the one before share its line. */
export function leftOut(): string {
  const lines: { names: string[]; reason: string }[] = [];
  for (const [directive, explanations] of byDirective(
    explained.filter(({ status }) => status === "left out"),
  )) {
    const { profile, reason } = explanations[0]!;
    const name = `**${code(directive)}**${explanations.length === 2 ? "" : ` in \`${profile}\``}`;
    const last = lines.at(-1);
    if (last && reason === `The reason is the same as for ${last.names[0]!.replaceAll(/[*`]/g, "")}.`)
      last.names.push(name);
    else lines.push({ names: [name], reason });
  }
  return lines.map(({ names, reason }) => `- ${names.join(", ")}: ${marked(reason)}`).join("\n");
}

const calls: Record<string, string> = {
  "write elsewhere": "Writing outside the app's own folders",
  chown: "`chown()`",
  "listen on a port of its own": "`listen()` on another TCP port",
  "listen on a unix socket of its own": "`listen()` on another unix socket",
  "bind UDP": "UDP sockets",
};

/** What of Node does not work: first under each profile, then the rest, which does not work under some of them. */
export function whatBreaks(): string {
  const { inbound = {}, outbound = {}, "outbound, jitless": jitless = {} } = failures;
  const lines = (failed: Readonly<Record<string, string>>) =>
    Object.entries(failed)
      .map(([feature, outcome]) => {
        const call = calls[feature] ?? (feature.endsWith("()") ? code(feature) : feature);
        return `- ${call}${outcome === "empty" ? " returns an empty array" : ` fails with ${outcome.split(" or ").map(code).join(" or ")}`}`;
      })
      .join("\n")
      .replaceAll("UDP sockets fails", "UDP sockets fail");
  const onlyUnder = (failed: Readonly<Record<string, string>>) => {
    const further = Object.entries(failed).filter(([feature]) => outbound[feature] !== failed[feature]);
    if (further.length + Object.keys(outbound).length !== Object.keys(failed).length)
      throw new Error("Something fails under outbound, and not under each profile.");
    return lines(Object.fromEntries(further));
  };
  return [
    `### Under each profile\n\n${lines(outbound)}`,
    `### Also under \`inbound\`\n\n${onlyUnder(inbound)}`,
    `### Also with \`jitless: true\`\n\n${onlyUnder(jitless)}`,
  ].join("\n\n");
}
