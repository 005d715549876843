// Makes a page for each command from its help, which a test keeps in docs/outputs.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../outputs/", import.meta.url));

export default {
  watch: `${folder}help-*.txt`,
  paths: () =>
    readdirSync(folder).flatMap((file) => {
      const command = /^help-(.+)\.txt$/.exec(file)?.[1];
      return command === undefined
        ? []
        : [{ params: { command }, content: pageOfCommand(command, readFileSync(folder + file, "utf8")) }];
    }),
};

function pageOfCommand(command: string, help: string): string {
  const description = help.split("\n\n")[1]!.replaceAll("\n", " ");
  return `---
title: sockact ${command}
description: ${JSON.stringify(description)}
editLink: false
---

# \`sockact ${command}\`

[All commands, exit codes and JSON](../command-line.md)

\`\`\`text
${help}\`\`\`
`;
}
