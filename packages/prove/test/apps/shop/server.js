import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import express from "express";
import { systemdListen } from "@sockact/express";

const folder = await mkdtemp(join(tmpdir(), "shop-"));
const timer = setInterval(() => {}, 1000);

const app = express();
app.use(
  systemdListen({
    onStop: async () => {
      clearInterval(timer);
      await rm(folder, { recursive: true });
    },
  }),
);
app.get("/", async (req, res) => {
  await writeFile(join(folder, "last"), req.url);
  res.json({ articles: 3 });
});
app.listen(3000);
