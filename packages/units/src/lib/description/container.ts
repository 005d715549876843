/** A Podman container; see podman-systemd.unit(5). */
export interface ContainerDescription {
  /**
   * Image=: the full name, `registry.example/shop:1` or `localhost/shop`, or the name of an `.image` or
   * `.build` file.
   */
  image: string;
  /**
   * Volume=: `/srv/data:/data:ro`, or a named volume, `data:/data`. The rest of the container is read-only,
   * except for temporary folders.
   */
  volumes?: readonly string[] | undefined;
  /** UserNS=: the user namespace, such as `auto`. The default is the host's. */
  userNS?: string | undefined;
  /** PodmanArgs=: additional arguments of podman-run(1) before the image. */
  podmanArgs?: readonly string[] | undefined;
}
