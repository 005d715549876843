import type { Fleet } from "../fleet.ts";
import { addressesSeen, type Seen } from "../visitors.ts";
import type { Story } from "../story.ts";

const frontends: Record<string, string> = {
  "http:": "plain HTTP",
  "https:": "TLS at HAProxy",
  "https:8443": "TLS at the app",
};

/** Does the app see the address and the port of the client, whichever way the request takes? */
export async function addresses(fleet: Fleet, story: Story): Promise<Seen[]> {
  story.title("Whose address does the app see?");
  const seen = await addressesSeen(fleet);
  const wrong = seen.filter(({ app, client }) => app !== client);
  if (wrong.length > 0) throw new Error(`The app has seen another address: ${JSON.stringify(wrong)}`);
  for (const [frontend, name] of Object.entries(frontends)) {
    for (const kind of ["request", "WebSocket"]) {
      const these = seen.filter((one) => one.frontend === frontend && one.kind === kind);
      const versions = these.map(({ host }) => (host === "gamma" ? "v1" : "v2")).toSorted();
      const example = these.at(-1)!;
      story.line(
        kind,
        `${name}: the app sees ${example.app}, and that is the client (PROXY ${versions.join(", ")})`,
      );
    }
  }
  return seen;
}
