// All that the primary of a cluster needs.
import "@sockact/core";
