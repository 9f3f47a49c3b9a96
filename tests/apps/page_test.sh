#!/usr/bin/env bash
# The whole path on a tiny hostile text, and its page in a real browser where there is one (else exit 77: skipped).
# usage: page_test.sh FOLDER-OF-PROGRAMS
set -euo pipefail
. "$(dirname "$0")/../support/check.sh"

bin=$1
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
[ -n "$browser" ] || { echo 'skipped: no chromium' && exit 77; }

for i in $(seq 1 60); do
  printf 'the gate of <script>document.title="owned"</script> & "quoted" words is open %d\n' $((i % 7))
  printf 'an expert reads </title></style></svg><img src=x onerror=alert(1)> and \xff bytes\n'
done >"$work/text.txt"
"$bin/moe-tokenize" --quiet --out "$work/data" --tokenizer word --train "$work/text.txt" --valid "$work/text.txt" \
  --test "$work/text.txt" >/dev/null
"$bin/moe-train" --quiet --data "$work/data" --out "$work/run" --preset tiny --steps 12 --threads 1 >/dev/null
"$bin/moe-stats" "$work/run" --quiet --threads 1 --html "$work/page.html" --json >"$work/stats.json"

browse() { # MODE...
  HOME=$work timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
    --user-data-dir="$work/profile" --enable-logging=stderr --window-size=1200,1600 "$@" "file://$work/page.html" \
    2>"$work/log"
}
browse --dump-dom >"$work/dom.html"
browse --screenshot="$work/page.png" >/dev/null

check 'the page has its title' grep -q '<title>Expert report' "$work/dom.html"
check 'the charts are there' eval '[ "$(grep -o "<svg class=\"chart" "$work/dom.html" | wc -l)" -ge 4 ]'
experts=$(sed -n 's/.*"experts": *\([0-9]*\).*/\1/p' "$work/stats.json" | head -n 1)
dead=$(perl -0ne 'print scalar(() = $1 =~ /\d+/g) if /"dead": *\[([^\]]*)\]/' "$work/stats.json")
check 'every expert that reads anything has its card' eval '[ "$(grep -o "<article class=\"expert" "$work/dom.html" | wc -l)" -eq $((experts - dead)) ]'
check 'nothing of the text became markup' eval '! grep -qE "<(script|img)" "$work/dom.html"'
check '... but it is shown' grep -q '&lt;script&gt;' "$work/dom.html"
check 'the page asks for nothing else' eval '! grep -qE "(src|href)=\"[^#]" "$work/dom.html"'
# Its own pages complain too, of a network that is slow or not there; what they say ends with their address.
complaints() { grep -E 'CONSOLE|Refused|net::' "$work/log" | grep -v 'source: chrome://'; }
check 'the browser has nothing to complain about' eval '! complaints'
check 'the picture is not empty' eval '[ "$(wc -c <"$work/page.png")" -gt 20000 ]'
verdict
