import type { Answer, Page } from "./first-request.ts";

/** Headers whose values vary between answers. */
const changing =
  /^(?:date|etag|age|expires|last-modified|set-cookie|connection|keep-alive|content-length|transfer-encoding|content-security-policy.*|server-timing|x-(?:request-id|response-time|correlation-id)|traceparent)$/;

/** Replaces numbers and strings such as IDs, which vary between processes. */
const settled = (text: string): string => text.replaceAll(/[\da-f]{8}-[\da-f-]{27}|[\da-f]{16,}|\d+/gi, "0");

/**
 * How the answers of a bundle differ from the app's, as a phrase; undefined if they do not.
 *
 * @param pages two answers of the app to the same request
 */
export function differenceOf(pages: readonly Answer[][], bundled: readonly Answer[]): string | undefined {
  const [first = [], second = []] = pages;
  for (const [index, before] of first.entries()) {
    const now = bundled[index];
    const again = second[index];
    if (now === undefined || before.outcome !== now.outcome)
      return `${before.url}: ${before.outcome}, and then ${now?.outcome ?? "nothing"}`;
    if (before.outcome !== "http" || now.outcome !== "http") continue;
    if (before.status !== now.status) return `${before.url}: status ${before.status}, and then ${now.status}`;
    const [pageBefore, pageNow] = [before.page, now.page];
    if (pageBefore === undefined || pageNow === undefined) continue;
    const header = differingHeader(pageBefore, pageNow);
    if (header !== undefined) return `${before.url}: the header ${header}`;
    const pageAgain = again?.outcome === "http" ? again.page : undefined;
    // Only a page that does not vary can be compared.
    const isSteady = pageAgain !== undefined && settled(pageBefore.body) === settled(pageAgain.body);
    if (isSteady && settled(pageBefore.body) !== settled(pageNow.body)) return `${before.url}: the page`;
  }
  return undefined;
}

function differingHeader(before: Page, now: Page): string | undefined {
  const names = new Set([...Object.keys(before.headers), ...Object.keys(now.headers)]);
  return [...names].find((name) => {
    const [one, other] = [before.headers[name], now.headers[name]];
    if (one === undefined || other === undefined) return true;
    return !changing.test(name) && settled(one) !== settled(other);
  });
}
