export { clean, cleanAroundColours, jsonText, printable } from "@sockact/shared/clean";
