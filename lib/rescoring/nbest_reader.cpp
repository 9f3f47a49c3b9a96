#include "rescoring/nbest_reader.hpp"

#include <utility>

#include "base/error.hpp"
#include "base/quantity.hpp"
#include "text/text_repair.hpp"

namespace moelm {

namespace {

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r\v\f") == std::string_view::npos; }

/// N of an id NAME-N, -1 for others.
Index number_of(const std::string& id) {
  const std::size_t dash = id.rfind('-');
  const auto number = dash == std::string::npos ? std::nullopt : parse_index(std::string_view(id).substr(dash + 1));
  return number.value_or(-1);
}

}  // namespace

bool NbestReader::next(NbestList& list) {
  list = {};
  list.header = std::exchange(header_next_, false);
  if (first_) {
    list.id = first_->id;
    list.hypotheses.push_back(std::move(*first_));
    first_.reset();
  }
  while (read_line())
    if (take_line(list)) break;
  watch_ids(list);
  return !list.hypotheses.empty() || list.empty_line || list.header;
}

/// Reads a line into line_. Of a line that is too long it keeps nothing. Returns false at the end of the file.
bool NbestReader::read_line() {
  const std::optional<std::string_view> line = lines_.next();
  if (!line) return false;
  line_ = lines_.number() == 1 ? without_byte_order_mark(*line) : *line;
  if (line_.ends_with('\r')) line_.pop_back();
  return true;
}

/// Adds the line to the list. Returns true if the list has ended.
bool NbestReader::take_line(NbestList& list) {
  if (!lines_.too_long() && is_blank(line_)) {
    list.empty_line = true;
    return true;
  }
  try {
    if (lines_.too_long())
      throw NbestFault("length", "at most " + format_bytes(static_cast<Index>(kMaxNbestLineBytes)), "a longer line");
    if (!format_) choose_format();
    if (take_header(list)) return header_next_;
    take_hypothesis(list);
  } catch (const NbestFault& fault) {
    if (!how_.skip_bad) refuse(fault.what(), "--skip-bad leaves such lines out");
    if (++bad_lines_ == 1) first_fault_ = located(fault.what());
  }
  return first_.has_value();
}

void NbestReader::choose_format() {
  format_ = detect_format(line_);
  if (!format_)
    refuse("format: expected a list of Moses or SRILM, found " + excerpt(line_),
           "say which it is: --format kaldi takes the first word of a line as its id");
}

/// Whether the line is a header of SRILM, which ends the list before it and begins the next one.
bool NbestReader::take_header(NbestList& list) {
  if (format_ != NbestFormat::srilm) return false;
  if (line_ == kDetailedHeader)
    refuse("header: expected " + std::string(kDecipherHeader) + " or none, found " + line_,
           "nbest2-to-nbest1 of SRILM converts such lists");
  if (line_ != kDecipherHeader) return false;
  decipher_ = true;
  if (list.hypotheses.empty() && !list.header)
    list.header = true;
  else
    header_next_ = true;
  return true;
}

void NbestReader::take_hypothesis(NbestList& list) {
  Hypothesis h = parse_hypothesis(*format_, decipher_, line_);
  h.line = lines_.number();
  if (how_.numbered_ids && *format_ == NbestFormat::kaldi) h.id = numbered_name(h.id);
  if (how_.check) how_.check(*format_, h);
  if (list.hypotheses.empty()) list.id = h.id;
  if (h.id == list.id)
    list.hypotheses.push_back(std::move(h));
  else
    first_ = std::move(h);
}

void NbestReader::watch_ids(const NbestList& list) {
  if (format_ != NbestFormat::kaldi || how_.numbered_ids || list.hypotheses.size() != 1) return last_single_.clear();
  const Index number = number_of(list.id);
  if (number >= 1 && number_of(last_single_) == number - 1 &&
      last_single_.substr(0, last_single_.rfind('-')) == list.id.substr(0, list.id.rfind('-')))
    looks_numbered_ = true;
  last_single_ = list.id;
}

std::string NbestReader::located(const std::string& fault) const {
  return source_.name() + ": line " + std::to_string(lines_.number()) + ": " + fault;
}

void NbestReader::refuse(const std::string& fault, const std::string& hint) const {
  throw Error(Exit::bad_data, located(fault) + "; " + hint);
}

}  // namespace moelm
