import { systemdListen } from "@sockact/express";
import { app } from "./express-app.mjs";

app.use(systemdListen());
app.listen(3000);
