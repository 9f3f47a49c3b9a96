// Writes a manual page of section 5: write_page DOCUMENT FILE NAME SUMMARY [[not] SECTION...].
#include "base/error.hpp"
#include "common/main_guard.hpp"
#include "io/file.hpp"
#include "manual/markdown_page.hpp"

int main(int argc, char** argv) {
  return moelm::main_guard([&] {
    if (argc < 5)
      throw moelm::Error(moelm::Exit::usage, "write_page: expected DOCUMENT FILE NAME SUMMARY [[not] SECTION...]");
    moelm::PageContents contents{argv[3], argv[4], {argv + 5, argv + argc}, false};
    if (!contents.sections.empty() && contents.sections.front() == "not") {
      contents.leaves_out = true;
      contents.sections.erase(contents.sections.begin());
    }
    moelm::write_file_atomic(argv[2], moelm::markdown_page(moelm::read_file(argv[1], 1 << 20), contents));
    return 0;
  });
}
