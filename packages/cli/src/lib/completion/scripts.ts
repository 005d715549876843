/** The supported shells. */
export type Shell = "bash" | "zsh" | "fish";

const bash = `# Completion of sockact in bash.
_sockact() {
  local IFS=$'\\n' answers answer
  COMPREPLY=()
  answers=($("$1" complete bash -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  if [ "\${answers[0]}" = files ]; then
    compopt -o default 2>/dev/null
    return
  fi
  for answer in "\${answers[@]:1}"; do
    COMPREPLY+=("\${answer%%$'\\t'*}")
  done
}
complete -F _sockact sockact
`;

const zsh = `#compdef sockact
# Completion of sockact in zsh.
_sockact() {
  local -a answers values
  local answer
  answers=("\${(@f)$("\${words[1]}" complete zsh -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ "\${answers[1]}" == files ]]; then
    _files
    return
  fi
  for answer in "\${(@)answers[2,-1]}"; do
    values+=("\${\${answer%%$'\\t'*}//:/\\\\:}:\${answer#*$'\\t'}")
  done
  _describe sockact values
}
if [[ "\${funcstack[1]}" == _sockact ]]; then
  _sockact "$@"
else
  compdef _sockact sockact
fi
`;

const fish = `# Completion of sockact in fish.
function __sockact_complete
    set -l line (commandline -opc)
    set -l current (commandline -ct)
    set -l answers ($line[1] complete fish -- $line[2..-1] "$current" 2>/dev/null)
    if test "$answers[1]" = files
        __fish_complete_path "$current"
    else if set -q answers[2]
        printf '%s\\n' $answers[2..-1]
    end
end
complete -c sockact -f -a '(__sockact_complete)'
`;

const scripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };

/** The completion script of a shell. */
export function completionScript(shell: Shell): string {
  return scripts[shell];
}
