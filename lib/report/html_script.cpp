#include "report/html_script.hpp"

#include "io/checksum.hpp"

namespace moelm {

namespace {

std::string base64_of_hex(std::string_view hex) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  unsigned bits = 0;
  int count = 0;
  const auto take = [&](unsigned value, int width) {
    bits = bits << width | value;
    for (count += width; count >= 6; count -= 6) text += kDigits[bits >> (count - 6) & 63U];
  };
  for (const char digit : hex) take(static_cast<unsigned>(digit <= '9' ? digit - '0' : digit - 'a' + 10), 4);
  if (count > 0) take(0, 6 - count);
  while (text.size() % 4 != 0) text += '=';
  return text;
}

}  // namespace

// A function around everything keeps its names apart from those of the browser (status). No sign of this text needs
// escaping in HTML, so that readers of markup need to know nothing of scripts.
std::string_view html_script() {
  return R"js(
(function () {
'use strict';
function number(cell) {
  var value = parseFloat(cell.textContent.replace(/,/g, ''));
  return isNaN(value) ? null : value;
}
function compare(a, b, sign) {
  var x = number(a), y = number(b);
  if (x === null ? y === null : false) return sign * a.textContent.localeCompare(b.textContent);
  if (x === null) return 1;
  return y === null ? -1 : sign * (x - y);
}
function sortBy(table, heading, column) {
  var before = heading.getAttribute('aria-sort');
  var down = before ? before === 'ascending' : column !== 0;
  table.querySelectorAll('thead th').forEach(function (other) { other.removeAttribute('aria-sort'); });
  heading.setAttribute('aria-sort', down ? 'descending' : 'ascending');
  var body = table.tBodies[0];
  Array.from(body.rows).sort(function (a, b) {
    return compare(a.cells[column], b.cells[column], down ? -1 : 1);
  }).forEach(function (row) { body.appendChild(row); });
}
document.querySelectorAll('table.sortable').forEach(function (table) {
  table.querySelectorAll('thead th').forEach(function (heading, column) {
    var button = document.createElement('button');
    button.type = 'button';
    button.textContent = heading.textContent;
    button.title = 'Sort by this column';
    button.addEventListener('click', function () { sortBy(table, heading, column); });
    heading.textContent = '';
    heading.appendChild(button);
  });
});
function matches(element, word) { return element.firstChild.textContent.toLowerCase().indexOf(word) !== -1; }
function search(word, status) {
  word = word.trim().toLowerCase();
  document.body.classList.toggle('searching', word !== '');
  var shown = 0, all = 0;
  document.querySelectorAll('article.expert').forEach(function (card) {
    var hits = 0;
    card.querySelectorAll('ul.chips li, ol.contexts mark').forEach(function (place) {
      var hit = word !== '' ? matches(place, word) : false;
      place.classList.toggle('hit', hit);
      if (hit) hits += 1;
    });
    card.hidden = word !== '' ? hits === 0 : false;
    all += 1;
    if (!card.hidden) shown += 1;
  });
  status.textContent = word === '' ? '' : shown + ' of ' + all + ' experts shown, with the word marked';
}
var form = document.getElementById('search');
if (form) {
  var field = form.querySelector('input'), status = form.querySelector('output');
  form.hidden = false;
  field.addEventListener('input', function () { search(field.value, status); });
}
var folded = [];
addEventListener('beforeprint', function () {
  folded = Array.from(document.querySelectorAll('details:not([open])'));
  folded.forEach(function (part) { part.open = true; });
});
addEventListener('afterprint', function () { folded.forEach(function (part) { part.open = false; }); });
})();
)js";
}

std::string html_script_source() { return "sha256-" + base64_of_hex(sha256_hex(html_script())); }

}  // namespace moelm
