// Writes docs/options.md: write_options FILE.
#include "base/error.hpp"
#include "common/main_guard.hpp"
#include "io/file.hpp"
#include "moe_train/listings.hpp"

int main(int argc, char** argv) {
  return moelm::main_guard([&] {
    if (argc != 2) throw moelm::Error(moelm::Exit::usage, "write_options: expected the path to write");
    moelm::write_file_atomic(argv[1], moelm::options_markdown());
    return 0;
  });
}
