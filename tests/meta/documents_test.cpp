// Documents are true: what they link to is there, and they name no file that is not in the repository.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace fs = std::filesystem;

namespace {

const fs::path kRoot = MOELM_SOURCE_DIR;

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<fs::path> documents() {
  std::vector<fs::path> found;
  for (const char* folder : {".", "docs", "corpora"})
    for (const auto& entry : fs::directory_iterator(kRoot / folder))
      if (entry.path().extension() == ".md") found.push_back(entry.path());
  return found;
}

/// What the first group of a pattern matches, for every match.
std::vector<std::string> matches(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  std::vector<std::string> found;
  for (std::sregex_iterator i(text.begin(), text.end(), regex), end; i != end; ++i) found.push_back((*i)[1]);
  return found;
}

}  // namespace

TEST_CASE("every link of a document leads to a file") {
  REQUIRE(documents().size() >= 8);
  for (const fs::path& document : documents())
    for (const std::string& target : matches(read(document), "\\]\\(([^)#: ]+)[)#]")) {
      INFO(document.string() << " links to " << target);
      CHECK(fs::exists(document.parent_path() / target));
    }
}

TEST_CASE("every source that a document names is there") {
  for (const fs::path& document : documents())
    for (const std::string& name : matches(read(document), "`((lib|apps|bench|tests)/[a-z0-9_/]+\\.[ch]pp)`")) {
      INFO(document.string() << " names " << name);
      CHECK(fs::exists(kRoot / name));
    }
}
