#include "terminal/console.hpp"

#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

#include "base/escape.hpp"
#include "base/quantity.hpp"
#include "terminal/format.hpp"
#include "terminal/terminal.hpp"

namespace moelm {
namespace {

constexpr std::string_view kEraseLine = "\r\x1b[2K";
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kNormal = "\x1b[0m";

bool set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

}  // namespace

ConsoleStyle console_style(int descriptor, bool quiet) {
  ConsoleStyle style;
  style.quiet = quiet;
  style.live = isatty(descriptor) == 1 && set("TERM") && std::string_view(std::getenv("TERM")) != "dumb";
  style.color = style.live && !set("NO_COLOR");
  if (style.live) style.columns = terminal_columns(descriptor);
  return style;
}

Console::Console(ConsoleStyle style, Write write, double log_interval)
    : style_(style),
      write_(std::move(write)),
      log_interval_(log_interval),
      last_logged_(-std::numeric_limits<double>::infinity()) {}

void Console::update(std::string_view text, double seconds) {
  if (style_.quiet) return;
  const std::string line = escape_terminal(text);
  if (!style_.live) {
    if (seconds - last_logged_ < log_interval_) return;
    last_logged_ = seconds;
    write_(line + "\n");
    return;
  }
  const std::string visible = shorten(line, style_.columns - 1);
  live_ = style_.color ? std::string(kDim) + visible + std::string(kNormal) : visible;
  write_(std::string(kEraseLine) + live_);
}

void Console::note(std::string_view text) {
  if (style_.quiet) return;
  const std::string line = escape_terminal(text) + "\n";
  // Writes the live line again below the note, so that notes scroll up in order.
  write_(live_.empty() ? line : std::string(kEraseLine) + line + live_);
}

void Console::finish() {
  if (live_.empty()) return;
  live_.clear();
  write_("\n");
}

std::string progress_line(const TrainingProgress& p) {
  std::string line = "step ";
  line += format_count(p.step);
  if (p.steps > 0) {
    line.append("/").append(format_count(p.steps)).append("  ");
    line += format_fixed(100.0 * static_cast<double>(p.step) / static_cast<double>(p.steps), 1) + " %";
  }
  line += "  loss " + format_fixed(p.loss, 3) + "  ppl " + format_measure(std::exp(p.loss), 4);
  line += "  lr " + format_measure(p.lr, 3);
  line += "  " + format_count(std::llround(std::isfinite(p.tokens_per_s) ? p.tokens_per_s : 0)) + " tok/s";
  const bool known = p.eta_seconds >= 0 && p.eta_seconds < 1e9;
  line += "  ETA ";
  line += known ? format_duration(p.eta_seconds) : "-";
  if (p.has_experts) {
    line += "  CV imp " + format_fixed(p.cv_importance, 2) + " load " + format_fixed(p.cv_load, 2);
    line += "  dead " + format_count(p.dead) + "/" + format_count(p.experts);
  }
  return line;
}

}  // namespace moelm
