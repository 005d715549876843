module.exports = (app, version) => app.get("/", (request, response) => response.json({ version }));
