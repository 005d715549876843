import { Option } from "commander";

/** The formats of findings. */
export const formatOption = (): Option =>
  new Option("-f, --format <format>", "how to print the findings")
    .choices(["human", "json", "sarif", "github"])
    .default("human")
    .conflicts("json");

/** Which findings make the command fail. */
export const severityOption = (): Option =>
  new Option("--severity <level>", "exit with 1 for findings of this severity and above")
    .choices(["error", "warning", "info"])
    .default("warning");
