/** The address of the docs site, with a trailing slash. */
export const site = "https://sockact.github.io/sockact/";
