import { Argument, Command } from "commander";
import { print } from "../output/print.ts";

/** `sockact completion`. */
export function completionCommand(): Command {
  return new Command("completion")
    .description(
      "Print a script that completes commands in your shell. It completes commands, options, files, and the names of services.",
    )
    .addArgument(new Argument("<shell>", "which shell").choices(["bash", "zsh", "fish"]))
    .addHelpText(
      "after",
      `
The script needs sockact on your PATH: npm install --global sockact

Examples:
  bash  in ~/.bashrc: source <(sockact completion bash)
  zsh   in ~/.zshrc, after compinit: source <(sockact completion zsh)
  fish  sockact completion fish > ~/.config/fish/completions/sockact.fish

Exit codes:
  0  printed
  2  there is no script for this shell`,
    )
    .action(async (shell: "bash" | "zsh" | "fish") => {
      const { completionScript } = await import("../completion/scripts.ts");
      print(completionScript(shell));
    });
}

/** `sockact complete`, which the scripts call. */
export function completeCommand(): Command {
  return new Command("complete")
    .description("Answer the completion script of a shell.")
    .argument("<shell>", "which shell asks")
    .argument("[words...]", "the command line so far")
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (shell: string, line: string[], _, command: Command) => {
      const { complete } = await import("../completion/complete.ts");
      await complete(command.parent!, shell, line);
    });
}
