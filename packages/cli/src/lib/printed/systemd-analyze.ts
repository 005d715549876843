// What systemd-analyze prints. Each has a line as it was seen, and the versions of systemd.

/** `Failed to initialize manager: Operation not permitted` (257): systemd-analyze verify */
export const VERIFY_FAILED = /^Failed to (?:initialize manager|start manager|allocate|set up)[^\n]*/im;

/** `→ Overall exposure level for shop.service: 1.1 OK :-)` (252 to 262) */
export const EXPOSURE = /exposure level for (\S+?):? ([\d.]+) ([A-Z]+)/g;

/** `systemd-analyze: unrecognized option '--offline=yes'` (before 250) */
export const OFFLINE_UNKNOWN = /unrecognized option '--(?:offline|security-policy)/;
