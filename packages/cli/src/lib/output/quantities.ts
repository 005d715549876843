export { agoText, bytesText, tookText } from "@sockact/shared/quantities";
