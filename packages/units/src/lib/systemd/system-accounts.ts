/**
 * The users and groups of Debian's base-passwd, of systemd's sysusers.d(5) files, and of services that keep
 * other users' data.
 */
const accounts = new Set(
  `root daemon bin sys sync games man lp mail news uucp proxy www-data backup list irc gnats nobody nogroup operator halt shutdown adm wheel tty disk
   kmem dialout fax voice cdrom floppy tape sudo audio dip src shadow utmp video sasl plugdev staff users render kvm sgx input clock crontab docker
   ssl-cert lxd libvirt _apt _ssh sshd messagebus dbus polkitd syslog avahi tss uuidd rtkit ntp dnsmasq postfix postdrop exim httpd apache nginx
   postgres mysql mongodb redis git tcpdump debian-tor`.split(/\s+/),
);

/**
 * Whether most machines have a user or group of this name. A service with DynamicUser=yes and such a name
 * runs as that user, or does not start; see systemd.exec(5).
 */
export const isSystemAccount = (name: string): boolean => accounts.has(name);
