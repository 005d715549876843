import polka from "polka";
import { systemdListen } from "example-adapter";

const app = polka();
systemdListen(app);
app.get("/", (req, res) => res.end("hello"));
app.listen(3000);
