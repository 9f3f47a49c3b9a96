// Progress of a long command: one live line on a terminal, plain lines in a log, nothing when quiet.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/index.hpp"

namespace moelm {

/// How progress may be written to a stream.
struct ConsoleStyle {
  bool live = false;    ///< a line may be overwritten: a terminal that is not dumb
  bool color = false;   ///< live, and NO_COLOR is not set
  bool quiet = false;   ///< print nothing but messages
  Index columns = 100;  ///< width of the terminal
};

/// Style of a file descriptor from isatty, TERM, NO_COLOR and the window size.
ConsoleStyle console_style(int descriptor, bool quiet);

/// Progress of one command. `write` receives finished text to write and flush at once. On a terminal `update`
/// overwrites the last line; in a log it prints at most one line every `log_interval` seconds. Not thread-safe.
class Console {
 public:
  using Write = std::function<void(std::string_view)>;

  Console(ConsoleStyle style, Write write, double log_interval = 30);
  ~Console() { finish(); }
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  /// Shows one line about the work after `seconds`. Escapes the line and cuts it to the width.
  void update(std::string_view text, double seconds);

  /// Prints a line that stays, on a terminal and in a log; nothing when quiet. Escapes the line.
  void note(std::string_view text);

  /// Ends the live line, so that other output starts on its own line. The last state stays visible.
  void finish();

 private:
  ConsoleStyle style_;
  Write write_;
  double log_interval_;
  double last_logged_;
  std::string live_;
};

/// The numbers of the progress line of training; layers' values are the worst of all MoE layers.
struct TrainingProgress {
  Index step = 0;
  Index steps = 0;  ///< 0: unknown
  double loss = 0;  ///< mean cross-entropy, nats a predicted token
  double lr = 0;
  double tokens_per_s = 0;
  double eta_seconds = -1;  ///< negative: unknown
  bool has_experts = false;
  double cv_importance = 0;
  double cv_load = 0;
  Index dead = 0;     ///< experts without a token
  Index experts = 0;  ///< experts of all layers
};

/// "step 1,200/30,000  4.0 %  loss 4.512  ppl 91.10  lr 0.000930  8,210 tok/s  ETA 12m04s  CV imp 0.04 load 0.06 dead
/// 0/16".
std::string progress_line(const TrainingProgress& p);

}  // namespace moelm
