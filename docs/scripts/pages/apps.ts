import { slug } from "github-slugger";
import { readAppRuns } from "../../../packages/testkit/src/app-runs.ts";
import { frameworkApps } from "../../../packages/testkit/src/framework-apps.ts";
import { type NpmApp, unmodifiedApps } from "../../../packages/testkit/src/unmodified-apps.ts";
import { alignedTable } from "./aligned-table.ts";

const HEADINGS = ["app", "version", "takes its sockets with", "last green run", "requests"];

/** The table of the apps that the campaign tests. */
export function appsTable(): string {
  const runs = readAppRuns();
  const rows = [...unmodifiedApps, ...frameworkApps].map((app) => {
    const run = runs[app.title];
    return [
      `[${app.title}](${app.page === undefined ? `#${slug(app.title)}` : linkTo(app.page)})`,
      `\`${app.package}\` ${run?.version ?? ""}`,
      app.by ?? "the preload",
      run === undefined ? "" : `${run.date}, Node ${run.node}, systemd ${run.systemd}`,
      run?.requests.toLocaleString("en") ?? "",
    ];
  });
  return alignedTable([HEADINGS, ...rows]);
}

function linkTo(page: NonNullable<NpmApp["page"]>): string {
  return page.startsWith("../") ? page.slice(3) : `frameworks/${page}`;
}
