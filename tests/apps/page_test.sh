#!/usr/bin/env bash
# The whole path on a tiny hostile text, and its page in a real browser where there is one (else exit 77: skipped).
# usage: page_test.sh FOLDER-OF-PROGRAMS
set -euo pipefail
. "$(dirname "$0")/../support/check.sh"

bin=$1
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)

for i in $(seq 1 60); do
  printf 'the gate of <script>document.title="owned"</script> & "quoted" words is open %d\n' $((i % 7))
  printf 'an expert reads </title></style></svg><img src=x onerror=alert(1)> and \xff bytes\n'
  # Each of these would leave a mark on the document or ask for an address, if it were more than text.
  mark='document.documentElement.setAttribute("owned","1")'
  printf '<script>%s</script> <img/src=x/onerror=%s> "><svg/onload=%s> ' "$mark" "$mark" "$mark"
  printf "'onmouseover='%s <iframe/srcdoc='<script>%s</script>'> javascript:%s " "$mark" "$mark" "$mark"
  printf '<style>@import"http://127.0.0.1:9/owned";</style> <link/rel=stylesheet/href=http://127.0.0.1:9/owned> '
  printf '<img/src=http://127.0.0.1:9/owned> <base/href=http://127.0.0.1:9/owned> <!-- ]]> --> &lt;b&gt; &#60;i&#62;\n'
  printf 'a\x1b]0;owned\x07b c\x1b[2Jd e\xc2\x9b31mf g\xe2\x80\xaeh i\xe2\x81\xa6j k\rl m\x08n o\xf3\xa0\x80\x81p q\x7fr\n'
done >"$work/text.txt"
"$bin/moe-tokenize" --quiet --out "$work/data" --tokenizer word --train "$work/text.txt" --valid "$work/text.txt" \
  --test "$work/text.txt" >/dev/null
"$bin/moe-train" --quiet --data "$work/data" --out "$work/run" --preset tiny --steps 12 --threads 1 >/dev/null
"$bin/moe-stats" "$work/run" --quiet --threads 1 --html "$work/page.html" --json >"$work/stats.json"
"$bin/moe-stats" "$work/run" --threads 1 --routes "$work/routes.txt" >"$work/stats.txt" 2>"$work/stats.err"
"$bin/moe-eval" "$work/run" --threads 1 --per-token >"$work/tokens.txt" 2>"$work/tokens.err"
"$bin/moe-eval" "$work/run" --threads 1 --per-token --json >"$work/tokens.json" 2>/dev/null

# Control bytes other than newline and tab, C1 controls, bidirectional controls, invisible tags, and bytes that are no UTF-8.
acts() {
  LC_ALL=C grep -qaP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xaa-\xae]|\xe2\x81[\xa6-\xa9]|\xf3\xa0' "$1" ||
    ! iconv -f UTF-8 -t UTF-8 "$1" >/dev/null 2>&1
}
check 'the pattern knows what acts' acts "$work/text.txt"
for file in page.html stats.json stats.txt stats.err routes.txt tokens.txt tokens.err tokens.json; do
  check "$file: nothing in it acts on a terminal" eval '! acts "$work/$file"'
done
check '... but hostile tokens are in them' eval 'grep -qF "\u{1b}" "$work/tokens.txt" && grep -qF "\u{1b}" "$work/routes.txt"'

if [ -z "$browser" ]; then
  verdict
  echo 'skipped: the page in a browser, for there is no chromium' && exit 77
fi
browse() { # PAGE MODE...
  local page=$1
  shift
  HOME=$work timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
    --user-data-dir="$work/profile" --enable-logging=stderr --log-net-log="$work/net.json" --window-size=1200,1600 "$@" "file://$work/$page" \
    2>"$work/log"
}
ran() { grep -qE '<html[^>]*owned' "$work/dom.html"; }
asked() { [ -s "$work/net.json" ] && grep -qF '127.0.0.1:9' "$work/net.json"; }
printf '<!DOCTYPE html><img src=http://127.0.0.1:9/owned><script>%s</script>' "$mark" >"$work/bare.html"
browse bare.html --dump-dom >"$work/dom.html"
check 'the browser would have run and asked' eval 'ran && asked'
browse page.html --dump-dom >"$work/dom.html"
browse page.html --screenshot="$work/page.png" >/dev/null

check 'the page has its title' grep -q '<title>Expert report' "$work/dom.html"
check 'the charts are there' eval '[ "$(grep -o "<svg class=\"chart" "$work/dom.html" | wc -l)" -ge 4 ]'
experts=$(sed -n 's/.*"experts": *\([0-9]*\).*/\1/p' "$work/stats.json" | head -n 1)
dead=$(perl -0ne 'print scalar(() = $1 =~ /\d+/g) if /"dead": *\[([^\]]*)\]/' "$work/stats.json")
check 'every expert that reads anything has its card' eval '[ "$(grep -o "<article class=\"expert" "$work/dom.html" | wc -l)" -eq $((experts - dead)) ]'
check 'nothing of the text became markup' eval '! grep -qE "<(script|img)" "$work/dom.html"'
check '... but it is shown' grep -q '&lt;script&gt;' "$work/dom.html"
check 'nothing of the text ran' eval '! ran'
check 'nothing of the text was asked for' eval '[ -s "$work/net.json" ] && ! asked'
check 'the page asks for nothing else' eval '! grep -qE "(src|href)=\"[^#]" "$work/dom.html"'
# Its own pages complain too, of a network that is slow or not there; what they say ends with their address.
complaints() { grep -E 'CONSOLE|Refused|net::' "$work/log" | grep -v 'source: chrome://'; }
check 'the browser has nothing to complain about' eval '! complaints'
check 'the picture is not empty' eval '[ "$(wc -c <"$work/page.png")" -gt 20000 ]'
verdict
