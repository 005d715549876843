/** A container of Podman; podman-systemd.unit(5). */
export interface ContainerDescription {
  /** Image=: the name in full, `registry.example/shop:1` or `localhost/shop`, or that of an `.image` or `.build` file. */
  image: string;
  /** Volume=: `/srv/data:/data:ro`, or a named volume, `data:/data`. The rest of the container is read-only, but for its temporary folders. */
  volumes?: readonly string[] | undefined;
  /** UserNS=: the user namespace, such as `auto`; by default the host's. */
  userNS?: string | undefined;
  /** PodmanArgs=: further arguments of podman-run(1), which stand before the image. */
  podmanArgs?: readonly string[] | undefined;
}
