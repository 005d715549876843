// The primary of a cluster needs only this import.
import "@sockact/core";
