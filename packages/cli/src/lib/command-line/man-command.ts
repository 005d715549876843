import { Command } from "commander";
import { print } from "../output/print.ts";
import { ownVersion } from "../shared/own-version.ts";

/** `sockact man`. */
export function manCommand(): Command {
  return new Command("man")
    .description("Print the manual page. npm install --global puts it where man sockact finds it.")
    .addHelpText(
      "after",
      `
Examples:
  sockact man | man -l -

Exit codes:
  0  printed`,
    )
    .action(async (_, command: Command) => {
      const { manPage } = await import("../man/man-page.ts");
      print(manPage(command.parent!, ownVersion()));
    });
}
