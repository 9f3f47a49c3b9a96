// Writes docs/options.md from its template: write_options TEMPLATE FILE.
#include "base/error.hpp"
#include "common/main_guard.hpp"
#include "io/file.hpp"
#include "moe_train/listings.hpp"

int main(int argc, char** argv) {
  return moelm::main_guard([&] {
    if (argc != 3) throw moelm::Error(moelm::Exit::usage, "write_options: expected a template and the path to write");
    moelm::write_file_atomic(argv[2], moelm::options_markdown(moelm::read_file(argv[1], 1 << 20)));
    return 0;
  });
}
