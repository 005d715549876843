import { app } from "./express-app.mjs";

app.listen({ fd: 3 });
