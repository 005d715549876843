export default eventHandler((event) => readBody(event));
