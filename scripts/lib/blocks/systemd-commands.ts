/** The verbs and the long options that a page may show of each program, from systemd's man pages. */
interface Usage {
  readonly verbs?: readonly string[];
  readonly options: readonly string[];
}

const words = (text: string): string[] => text.trim().split(/\s+/);

export const systemdCommands: Readonly<Record<string, Usage>> = {
  systemctl: {
    verbs: words(`
      cat clean daemon-reexec daemon-reload disable edit enable get-default is-active is-enabled is-failed kill
      list-dependencies list-jobs list-sockets list-timers list-unit-files list-units mask reenable reload
      reload-or-restart reset-failed restart revert set-environment set-property show show-environment start status stop
      try-restart unmask unset-environment import-environment freeze thaw help`),
    options: words(`
      -a --all -f --force -l --full -H --host -M --machine -n --lines -o --output -p --property -P -q --quiet -r -s
      --signal -t --type --failed --kill-whom --no-block --no-legend --no-pager --now --plain --runtime --state
      --stdin --system --user --value --what --wait --drop-in`),
  },
  journalctl: {
    options: words(`
      -a --all -b --boot -e --pager-end -f --follow -g --grep -k --dmesg -n --lines -o --output -p --priority -q --quiet
      -r --reverse -S --since -t --identifier -u --unit -U --until --user-unit -x --catalog --disk-usage --no-pager
      --output-fields --system --user --utc --vacuum-size --vacuum-time --rotate --no-hostname`),
  },
  "systemd-analyze": {
    verbs: words(
      "blame calendar cat-config critical-chain dump exit-status security syscall-filter time timespan verify",
    ),
    options: words(
      "--man --no-pager --offline --recursive-errors --root --security-policy --system --threshold --user --json",
    ),
  },
  "systemd-socket-activate": {
    options: words("-a --accept -d --datagram -E --setenv --fdname --inetd -l --listen --now --seqpacket"),
  },
  "systemd-creds": {
    verbs: words("cat decrypt encrypt has-tpm2 list setup"),
    options: words("--name --with-key --pretty -p --newline --tpm2-device --transcode --user --uid --system"),
  },
  "systemd-run": {
    options: words(`
      --collect -G --description --gid --no-block --on-active --pipe -P --property -p --pty -t --quiet -q --scope
      --service-type --setenv -E --same-dir -d --shell -S --slice --socket-property --uid --unit -u --user --wait
      --working-directory`),
  },
  "systemd-cat": {
    options: words("--identifier -t --priority -p --level-prefix --stderr-priority --namespace"),
  },
  "systemd-escape": {
    options: words("--instance --mangle -m --path -p --suffix --template --unescape -u"),
  },
  "systemd-notify": {
    options: words(
      "--booted --exec --fd --fdname --no-block --pid --ready --reloading --status --stopping --uid",
    ),
  },
  loginctl: {
    verbs: words("disable-linger enable-linger list-sessions list-users show-user user-status"),
    options: words("--no-pager --property -p --value"),
  },
};
