export { site } from "@sockact/shared/site";
