// Documents are true: what they link to is there, and they name no file that is not in the repository.
#include <set>
#include <string>
#include <vector>

#include "meta/repository.hpp"
#include "support/catch.hpp"

namespace {

std::vector<fs::path> documents() {
  std::vector<fs::path> found;
  for (const char* folder : {".", "docs", "corpora"})
    for (const auto& entry : fs::directory_iterator(kRoot / folder))
      if (entry.path().extension() == ".md") found.push_back(entry.path());
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

TEST_CASE("every source that a document names without its folder is somewhere") {
  std::set<std::string> names;
  for (const char* folder : {"lib", "apps", "bench", "examples", "tests"})
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder))
      names.insert(entry.path().filename().string());
  for (const fs::path& document : documents())
    for (const std::string& name : matches(read(document), "`(?:[a-z0-9_]+/)*([a-z0-9_]+\\.[ch]pp)`")) {
      INFO(document.string() << " names " << name);
      CHECK(names.contains(name));
    }
}

TEST_CASE("the version stands in one place, and the changelog begins with it or with what is not released") {
  const std::vector<std::string> version = matches(read(kRoot / "CMakeLists.txt"), "project\\(moelm VERSION ([0-9.]+)");
  REQUIRE(version.size() == 1);
  const std::vector<std::string> released = matches(read(kRoot / "CHANGELOG.md"), "\n## ([^ \n]+)");
  REQUIRE_FALSE(released.empty());
  CHECK((released[0] == "Unreleased" || released[0] == version[0]));
  // Sources and build files get it from CMake; comments may give an example of one.
  for (const char* folder : {"lib", "apps", "cmake"})
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder)) {
      if (!entry.is_regular_file() || entry.path().extension() == ".hpp") continue;
      INFO(entry.path().string());
      CHECK(read(entry.path()).find("\"" + version[0] + "\"") == std::string::npos);
    }
}
