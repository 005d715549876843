import { promisify } from "node:util";
import polka from "polka";
import { isPlain, options, port, routes, stopWithGrace } from "@sockact/testing/lifecycle-app";
import { systemdListen } from "example-adapter";

const app = polka();
if (!isPlain) systemdListen(app, options);
for (const [path, answer] of Object.entries(routes))
  app.get(path, async (_req, res) => res.end(await answer()));
app.listen(port, () => console.log("listens"));
stopWithGrace(promisify(app.server.close.bind(app.server)));
