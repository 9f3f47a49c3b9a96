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
check 'nothing of the text became markup' eval '! grep -qF "<img" "$work/dom.html" && [ "$(grep -o "<script" "$work/dom.html" | wc -l)" -eq 1 ]'
check '... but it is shown' grep -q '&lt;script&gt;' "$work/dom.html"
check 'nothing of the text ran' eval '! ran'
check 'nothing of the text was asked for' eval '[ -s "$work/net.json" ] && ! asked'
check 'the page asks for nothing else' eval '! grep -qE "(src|href)=\"[^#]" "$work/dom.html"'
# Its own pages complain too, of a network that is slow or not there; what they say ends with their address.
complaints() { grep -E 'CONSOLE|Refused|net::' "$work/log" | grep -v 'source: chrome://'; }
check 'the browser has nothing to complain about' eval '! complaints'
check 'the picture is not empty' eval '[ "$(wc -c <"$work/page.png")" -gt 20000 ]'

# What a reader does, done by another script in a copy of the page that lets it: sort a table, search for a word. The
# copy stands in a frame that is as wide as a phone, and tells what came of it.
cat >"$work/act.js" <<'SCRIPT'
addEventListener('load', function () {
  var said = {};
  var table = document.querySelector('table.sortable');
  function heading() { return table.querySelectorAll('thead th')[1]; }
  function column(c) {
    return Array.from(table.tBodies[0].rows).map(function (row) { return parseFloat(row.cells[c].textContent.replace(/,/g, '')); });
  }
  function falls(list) { return list.every(function (value, i) { return i === 0 || list[i - 1] >= value; }); }
  table.closest('details').open = true;
  var button = heading().querySelector('button');
  button.focus();
  said.focused = document.activeElement === button;
  button.click();
  said.down = falls(column(1)) && heading().getAttribute('aria-sort') === 'descending';
  button.click();
  said.up = falls(column(1).reverse()) && heading().getAttribute('aria-sort') === 'ascending';
  said.once = table.querySelectorAll('[aria-sort]').length === 1;
  var field = document.querySelector('#search input'), cards = document.querySelectorAll('article.expert');
  function search(word) { field.value = word; field.dispatchEvent(new Event('input')); }
  function visible() { return Array.from(cards).filter(function (card) { return card.offsetParent !== null; }); }
  said.searchable = field.offsetParent !== null;
  search('EXPERT');
  said.found = visible().length > 0 && visible().every(function (card) { return card.querySelector('.hit') !== null; });
  said.status = document.querySelector('#search output').textContent;
  said.section = document.getElementById('training').offsetParent === null;
  search('no such word');
  said.none = visible().length === 0;
  search('');
  said.all = visible().length === cards.length && document.querySelectorAll('.hit').length === 0;
  said.fits = document.documentElement.scrollWidth <= innerWidth;
  said.width = innerWidth;
  parent.postMessage(JSON.stringify(said), '*');
});
SCRIPT
{
  sed "s/script-src &#39;sha256-[^;]*&#39;/script-src \&#39;unsafe-inline\&#39;/" "$work/page.html"
  printf '<script>' && cat "$work/act.js" && printf '</script>'
} >"$work/acted.html"
cat >"$work/phone.html" <<'PAGE'
<!DOCTYPE html><title>phone</title><pre id="said"></pre>
<iframe src="acted.html" width="360" height="800" style="border:0"></iframe>
<script>addEventListener('message', function (e) { document.getElementById('said').textContent = e.data; });</script>
PAGE
browse phone.html --allow-file-access-from-files --virtual-time-budget=8000 --dump-dom >"$work/said.html"
said() { grep -qF "\"$1\":$2" "$work/said.html"; }
for what in focused down up once searchable found section none all fits; do
  check "in the browser: $what" said "$what" true
done
check 'the frame was as wide as a phone' said width 360
check 'a screen reader is told how many experts are shown' grep -qE '"status":"[0-9]+ of [0-9]+ experts shown' "$work/said.html"
[ $failures -eq 0 ] || grep -F '"focused"' "$work/said.html" || true
# The page knows the reader's wish: light or dark, it is another picture.
browse page.html --blink-settings=preferredColorScheme=0 --screenshot="$work/dark.png" >/dev/null
check 'the page has a dark form' eval '[ "$(wc -c <"$work/dark.png")" -gt 20000 ] && ! cmp -s "$work/page.png" "$work/dark.png"'
browse page.html --print-to-pdf="$work/page.pdf" >/dev/null
check 'the page can be printed' eval '[ "$(head -c 4 "$work/page.pdf")" = %PDF ]'
verdict
