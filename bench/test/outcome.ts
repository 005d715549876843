import { httpRequest } from "../../packages/testing/src/http-request.ts";
import type { AppProcess } from "../../packages/testing/src/app-process.ts";

/** The status of the answer, or the reason why there is none. */
export async function outcome(app: AppProcess, address: string, path = "/"): Promise<string> {
  const ended = app.ended.then(() => /^(?:\w*Error|sockact: fatal)[^\n]*/m.exec(app.stderr)?.[0] ?? "ended");
  return Promise.race([
    httpRequest(address, path).then(
      ({ status }) => `answered ${status}`,
      () => ended,
    ),
    ended,
  ]);
}

/** Whether a long request is answered or lost if SIGTERM arrives during it. */
export async function outcomeAtStop(app: AppProcess, address: string): Promise<"answered" | "lost"> {
  const answer = httpRequest(address, "/slow").then(
    () => "answered" as const,
    () => "lost" as const,
  );
  await app.event("slow");
  app.kill("SIGTERM");
  return answer;
}
