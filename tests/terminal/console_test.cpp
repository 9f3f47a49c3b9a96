// Progress: a live line on terminals only, plain lines in logs, nothing when quiet.
#include "terminal/console.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "support/catch.hpp"
#include "support/hostile.hpp"
#include "terminal/format.hpp"

using namespace moelm;

namespace {

struct Recorded {
  std::string text;
  Console::Write write() {
    return [this](std::string_view s) { text += s; };
  }
};

}  // namespace

TEST_CASE("without a terminal there is neither carriage return nor escape, and few lines") {
  Recorded out;
  {
    Console console({}, out.write(), 30);
    for (int i = 0; i < 1000; ++i) console.update("step " + std::to_string(i), 0.1 * i);
    console.note("validation: \x1b[31mred\r");
  }
  CHECK(out.text == "step 0\nstep 300\nstep 600\nstep 900\nvalidation: \\u{1b}[31mred\\r\n");
}

TEST_CASE("a terminal gets one line that is painted over, cut to its width, and ended once") {
  Recorded out;
  {
    ConsoleStyle style;
    style.live = true;
    style.columns = 20;
    Console console(style, out.write());
    console.update("step 1", 0);
    console.note("saved");
    console.update(std::string(50, 'x'), 0.01);
    console.finish();
  }
  CHECK(out.text == "\r\x1b[2Kstep 1\r\x1b[2Ksaved\nstep 1\r\x1b[2K" + std::string(18, 'x') + "\xe2\x80\xa6\n");
}

TEST_CASE("color only where allowed; quiet says nothing") {
  Recorded plain, colored, quiet;
  ConsoleStyle style;
  style.live = true;
  Console(style, plain.write()).update("a", 0);
  style.color = true;
  Console(style, colored.write()).update("a", 0);
  style.quiet = true;
  {
    Console console(style, quiet.write());
    console.update("a", 0);
    console.note("b");
  }
  CHECK(plain.text.find("\x1b[2m") == std::string::npos);
  CHECK(colored.text.find("\x1b[2m") != std::string::npos);
  CHECK(quiet.text.empty());
}

TEST_CASE("only a terminal that is not dumb has a live line") {
  const int null = open("/dev/null", O_WRONLY);
  CHECK_FALSE(console_style(null, false).live);
  close(null);
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0) {
    WARN("no pseudo terminal here: live styles not tested");
    return;
  }
  setenv("TERM", "xterm", 1);
  unsetenv("NO_COLOR");
  CHECK(console_style(terminal, false).live);
  CHECK(console_style(terminal, false).color);
  setenv("NO_COLOR", "1", 1);
  CHECK(console_style(terminal, false).live);
  CHECK_FALSE(console_style(terminal, false).color);
  setenv("TERM", "dumb", 1);
  CHECK_FALSE(console_style(terminal, false).live);
  unsetenv("NO_COLOR");
  close(terminal);
}

TEST_CASE("the progress line of training") {
  TrainingProgress p;
  p.step = 1200;
  p.steps = 30000;
  p.loss = 4.5;
  p.lr = 0.00093;
  p.tokens_per_s = 8210.4;
  p.eta_seconds = 724;
  p.has_experts = true;
  p.cv_importance = 0.041;
  p.cv_load = 0.062;
  p.experts = 16;
  CHECK(progress_line(p) ==
        "step 1,200/30,000  4.0 %  loss 4.500  ppl 90.02  lr 0.000930  8,210 tok/s  ETA 12m04s  CV imp 0.04 load "
        "0.06  "
        "dead 0/16");
  p.has_experts = false;
  p.steps = 0;
  p.eta_seconds = -1;
  CHECK(progress_line(p) == "step 1,200  loss 4.500  ppl 90.02  lr 0.000930  8,210 tok/s  ETA -");
}

TEST_CASE("numbers as people read them") {
  CHECK(format_measure(43.2) == "43.20");
  CHECK(format_measure(12345.6) == "12346");
  CHECK(format_measure(1e12, 3) == "1.00e+12");
  CHECK(format_measure(0) == "0");
  CHECK(format_percent(0.1234) == "12.3 %");
}
