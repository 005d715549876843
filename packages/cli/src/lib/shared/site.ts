/** The address of the docs site, which ends in a slash. */
export const site = "https://sockact.github.io/sockact/";
