import { Command } from "commander";

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
      const { print } = await import("../output/print.ts");
      const { ownVersion } = await import("../shared/own-version.ts");
      print(manPage(command.parent!, ownVersion()));
    });
}
