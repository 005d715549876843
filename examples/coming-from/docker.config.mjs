/** @type {import("@sockact/units").AppDescription} */
export default {
  name: "shop",
  container: {
    image: "registry.example/shop:1",
    volumes: ["/srv/shop/data:/data"],
    podmanArgs: ["--memory=512m"],
  },
  sockets: [{ listen: 80 }],
  environment: { NODE_ENV: "production" },
  environmentFile: "/srv/shop/.env",
  hardening: "outbound",
};
