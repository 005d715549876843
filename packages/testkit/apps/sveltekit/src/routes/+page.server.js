/** Makes the server render the page for each request. */
export const prerender = false;
