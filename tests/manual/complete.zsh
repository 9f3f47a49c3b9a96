# Prints what zsh offers for a line: complete.zsh FOLDER-OF-SCRIPTS LINE. An interactive zsh behind a terminal of its own
# completes the line; its compadd tells what is added, between two marks.
zmodload zsh/zpty || exit 1
zpty session zsh -f -i
setup=$(mktemp)
cat >$setup <<END
PROMPT=
stty -echo
fpath=(${(q)1} \$fpath)
autoload -Uz compinit
compinit -u -D
bindkey '^I' complete-word
zstyle ':completion:*' insert-tab false
zmodload zsh/zutil
END
cat >>$setup <<'END'
mark() { print -r -- MARK }
compprefuncs=(mark)
comppostfuncs=(mark exit)
compadd() {
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi
  local -a __hits __suffix
  builtin compadd -A __hits "$@"
  zparseopts -E S:=__suffix
  local hit
  for hit in $__hits; do
    [[ " $* " == *\ -[[:alnum:]]#f* && -d $hit ]] && hit+=/
    print -r -- "$hit${__suffix[2]%% *}"
  done
  builtin compadd "$@"
}
print READY
END
zpty -w session "source $setup"
repeat 50; do
  zpty -r session line '*READY*' && break
done
rm -f $setup
zpty -n -w session "$2"$'\t'
integer marks=0
while zpty -r session line; do
  line=${line%$'\n'} line=${line%$'\r'}
  if [[ $line == *MARK ]]; then
    ((++marks == 2)) && break
  elif ((marks == 1)); then
    print -r -- $line
  fi
done
zpty -d session
