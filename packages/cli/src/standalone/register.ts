// The preload as one file, which the installer copies to a folder of the service: npx uses a cache that only
// its user may read, and that npm may clear.
import "@sockact/register";
