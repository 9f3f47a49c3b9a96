#!/usr/bin/env bash
# Completion in the shells themselves, where they are: bash, zsh, fish. What is typed is completed to names, keys and
# values that the program accepts.
# usage: completion_test.sh BUILD-FOLDER
set -euo pipefail
. "$(dirname "$0")/../support/check.sh"

source=$(cd "$(dirname "$0")" && pwd)
build=$1
scripts=$build/completion
bin=$build/bin
mkdir "$work/here" && cd "$work/here"
mkdir data.folder && touch data.file

for program in "$bin"/moe-*; do
  name=$(basename "$program")
  for shell in bash zsh fish; do
    file=$(find "$scripts/$shell" -name "*$name*" -type f)
    check "$name: $shell has a script, the one that it prints" eval '"$program" --help-completion $shell | cmp -s - "$file"'
  done
done

# in_bash WORD...: what bash offers for the last word, and what it was told to complete by itself ("<default>").
in_bash() {
  bash -uc '
    compopt() { echo "<${*: -1}>"; }
    complete() { function=$2; }
    . "$1"; shift
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    COMP_WORDBREAKS=$'"' \t\n\"\\'><=;|&(:'"'
    "$function"
    printf "%s\n" "${COMPREPLY[@]+"${COMPREPLY[@]}"}"' _ "$scripts/bash/$1" "$@" | sort -u | tr '\n' ' '
}
offers() { # EXPECTED FOUND: every word of the expectation
  local word
  for word in $1; do [[ " $2 " == *" $word "* ]] || { echo "no $word among: $2" && return 1; }; done
}
lacks() { [[ " $2 " != *" $1 "* ]] || { echo "$1 among: $2" && return 1; }; }

check 'bash: names of options' offers '--data --dtype --dry-run' "$(in_bash moe-train --d)"
check '... and no others' lacks --out "$(in_bash moe-train --d)"
check 'bash: spellings' eval '[ "$(in_bash moe-train --dtype "")" = " auto bf16 f32 " ] || in_bash moe-train --dtype ""'
check 'bash: behind "="' offers 'bf16' "$(in_bash moe-train --dtype = b)"
check 'bash: presets' offers 'tiny small moe-4096-h' "$(in_bash moe-train --preset '')"
check 'bash: keys, without a blank behind them' offers 'train.lr= train.state= <nospace>' "$(in_bash moe-train --set train.)"
check '... not yet their values' lacks train.state=carry "$(in_bash moe-train --set train.)"
check 'bash: values of a key, which bash cuts at "="' offers 'carry reset' "$(in_bash moe-train --set train.state = '')"
check '... of a flag' offers 'true false' "$(in_bash moe-train --set moe.recompute = '')"
check 'bash: folders' offers '<dirnames>' "$(in_bash moe-train --data '')"
check 'bash: a word or a path' offers 'auto never <default>' "$(in_bash moe-train --resume '')"
check 'bash: files of a list, also the second' offers '<default>' "$(in_bash moe-tokenize --train a '')"
check '... until the next option' offers '<dirnames>' "$(in_bash moe-tokenize --train a --out '')"
check 'bash: nothing for a number' eval '[ -z "$(in_bash moe-train --steps "" | tr -d " ")" ]'
check 'bash: paths where a program takes them' offers '<default>' "$(in_bash moe-eval '')"
check 'bash: splits' offers 'train valid test' "$(in_bash moe-eval run/ --split '')"
check 'bash: cases of moe-bench' offers 'train-moe-32' "$(in_bash moe-bench --case train-)"
check 'bash: names of scores' offers 'model= ascore=' "$(in_bash moe-rescore --weight '')"
for file in "$scripts"/bash/*; do check "bash reads $(basename "$file")" bash -n "$file"; done

# Whatever is offered is accepted: each key with each of its values, each preset.
accepted() {
  local option word
  for word in $(in_bash moe-train --preset ''); do "$bin/moe-train" --preset "$word" --print-config >/dev/null || return 1; done
  for word in $(in_bash moe-train --set ''); do
    [[ $word == *= ]] || continue
    for value in $(in_bash moe-train --set "${word%=}" = ''); do
      local code=0
      "$bin/moe-train" --preset small --set "$word$value" --print-config >"$work/config" 2>"$work/error" || code=$?
      # It may contradict other keys (78); it may not be unknown (2).
      [ $code -eq 0 ] || [ $code -eq 78 ] || { cat "$work/error" && return 1; }
    done
  done
}
check 'what is offered is accepted' accepted

if command -v fish >/dev/null; then
  in_fish() { # LINE
    HOME=$work fish --no-config -c "source '$scripts/fish/${1%% *}.fish'; complete -C '$1'" | cut -f1 | tr '\n' ' '
  }
  check 'fish: names of options' offers '--data --dtype' "$(in_fish 'moe-train --d')"
  check 'fish: spellings' offers 'auto bf16 f32' "$(in_fish 'moe-train --dtype ')"
  check 'fish: keys' offers 'train.lr= train.state=' "$(in_fish 'moe-train --set train.')"
  check '... not yet their values' lacks train.state=carry "$(in_fish 'moe-train --set train.')"
  check 'fish: values of a key' offers 'train.state=carry train.state=reset' "$(in_fish 'moe-train --set train.state=')"
  check 'fish: presets' offers 'tiny moe-4096-h' "$(in_fish 'moe-train --preset ')"
  check 'fish: folders, not files' eval 'found=$(in_fish "moe-train --data data."); offers data.folder/ "$found" && lacks data.file "$found"'
  check 'fish: files of a list' offers 'data.file' "$(in_fish 'moe-tokenize --train data.')"
  check 'fish: a word or a path' offers 'auto never' "$(in_fish 'moe-train --resume ')"
  for file in "$scripts"/fish/*; do check "fish reads $(basename "$file")" fish --no-execute "$file"; done
else
  echo 'skipped: completion in fish, for there is no fish'
fi

if command -v zsh >/dev/null; then
  # A zsh of its own behind a terminal of zpty: what it lists for a line.
  in_zsh() { zsh -f "$source/complete.zsh" "$scripts/zsh" "$1" | tr '\n' ' '; }
  check 'zsh: names of options' offers '--data --dtype' "$(in_zsh 'moe-train --d')"
  check 'zsh: spellings' offers 'auto bf16 f32' "$(in_zsh 'moe-train --dtype ')"
  check 'zsh: keys' offers 'train.lr= train.state=' "$(in_zsh 'moe-train --set train.')"
  check '... not yet their values' lacks train.state=carry "$(in_zsh 'moe-train --set train.')"
  check 'zsh: values of a key' offers 'carry reset' "$(in_zsh 'moe-train --set train.state=')"
  check 'zsh: presets' offers 'tiny moe-4096-h' "$(in_zsh 'moe-train --preset ')"
  check 'zsh: folders, not files' eval 'found=$(in_zsh "moe-train --data data."); offers data.folder/ "$found" && lacks data.file "$found"'
  check 'zsh: files of a list, also the second' offers 'data.file' "$(in_zsh 'moe-tokenize --train a data.')"
  check 'zsh: a word or a path' offers 'auto never' "$(in_zsh 'moe-train --resume ')"
  for file in "$scripts"/zsh/*; do check "zsh reads $(basename "$file")" zsh -fn "$file"; done
else
  echo 'skipped: completion in zsh, for there is no zsh'
fi

verdict
