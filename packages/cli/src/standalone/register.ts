// The preload, as one file that the installer copies to a folder of the service: what npx has downloaded is
// in a cache that only its user may read, and that npm may clear.
import "@sockact/register";
