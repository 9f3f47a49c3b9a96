// The rules of the house that no compiler checks: one direction of includes, third parties in one place, short files,
// and no source or test that no build knows.
#include <algorithm>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "meta/repository.hpp"
#include "support/catch.hpp"

namespace {

/// Sources and headers under a folder of the project, sorted, as paths relative to the root.
std::vector<fs::path> sources(const std::string& folder) {
  std::vector<fs::path> found;
  if (!fs::exists(kRoot / folder)) return found;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder)) {
    const std::string extension = entry.path().extension().string();
    if (extension == ".cpp" || extension == ".hpp") found.push_back(fs::relative(entry.path(), kRoot));
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<fs::path> sources(std::initializer_list<const char*> folders) {
  std::vector<fs::path> all;
  for (const char* folder : folders)
    for (const auto& path : sources(std::string(folder))) all.push_back(path);
  return all;
}

std::vector<std::string> words(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

std::vector<std::string> includes(const fs::path& path) {
  return matches(read(kRoot / path), "#include [\"<]([^\">]+)[\">]");
}

/// The folder of a module, relative to the root.
fs::path folder_of(const std::string& module) {
  return fs::is_directory(kRoot / "lib" / module) ? fs::path("lib") / module : fs::path(module);
}

/// Module to the modules that its CMakeLists.txt names after DEPENDS.
std::map<std::string, std::set<std::string>> declared_dependencies() {
  std::vector<fs::path> files{kRoot / "bench/CMakeLists.txt"};
  for (const auto& entry : fs::directory_iterator(kRoot / "lib"))
    if (entry.is_directory()) files.push_back(entry.path() / "CMakeLists.txt");
  std::map<std::string, std::set<std::string>> modules;
  for (const fs::path& file : files)
    for (const auto& call : matches(read(file), "moelm_add_module\\(([^)]*)\\)")) {
      const auto parts = words(call);
      auto& dependencies = modules[parts.at(0)];
      bool in_depends = false;
      for (const auto& part : parts) {
        if (part == "LIBRARIES" || part == "SOURCES") in_depends = false;
        if (in_depends) dependencies.insert(part);
        if (part == "DEPENDS") in_depends = true;
      }
    }
  return modules;
}

std::set<std::string> reachable(const std::map<std::string, std::set<std::string>>& modules, const std::string& from) {
  std::set<std::string> seen{from};
  std::vector<std::string> open{from};
  while (!open.empty()) {
    const std::string module = open.back();
    open.pop_back();
    if (!modules.contains(module)) continue;
    for (const auto& next : modules.at(module))
      if (seen.insert(next).second) open.push_back(next);
  }
  return seen;
}

std::string first_part(const std::string& path) { return path.substr(0, path.find('/')); }

}  // namespace

TEST_CASE("a module includes only modules that its CMakeLists.txt names, and those below them") {
  const auto modules = declared_dependencies();
  REQUIRE(modules.size() >= 5);
  for (const auto& [module, dependencies] : modules) {
    const auto allowed = reachable(modules, module);
    for (const auto& path : sources(folder_of(module).string()))
      for (const auto& include : includes(path)) {
        const std::string other = first_part(include);
        INFO(path.string() << " includes " << include);
        if (include.find('/') == std::string::npos || !modules.contains(other)) continue;
        CHECK(allowed.contains(other));
      }
  }
}

TEST_CASE("a module includes every module that its CMakeLists.txt names") {
  for (const auto& [module, dependencies] : declared_dependencies()) {
    std::set<std::string> used;
    for (const auto& path : sources(folder_of(module).string()))
      for (const auto& include : includes(path)) used.insert(first_part(include));
    for (const auto& dependency : dependencies) {
      INFO(module << " depends on " << dependency << " and includes nothing of it");
      CHECK(used.contains(dependency));
    }
  }
}

TEST_CASE("dependencies have one direction: no module reaches itself") {
  const auto modules = declared_dependencies();
  for (const auto& [module, dependencies] : modules)
    for (const auto& dependency : dependencies) {
      INFO(module << " depends on " << dependency);
      CHECK_FALSE(reachable(modules, dependency).contains(module));
    }
}

TEST_CASE("the library knows neither programs nor tests") {
  for (const auto& path : sources("lib"))
    for (const auto& include : includes(path)) {
      INFO(path.string() << " includes " << include);
      CHECK_FALSE(include.starts_with("common/"));
      CHECK_FALSE(include.starts_with("support/"));
    }
}

TEST_CASE("every third party is used in one place") {
  const std::vector<std::pair<std::string, std::string>> places = {
      {"dnnl|oneapi/", "lib/ops/gemm"},  {"zlib\\.h", "lib/(io/compress|text/gzip)"},
      {"openssl/", "lib/io/checksum"},   {"lzma\\.h", "lib/text/xz"},
      {"bzlib\\.h", "lib/text/bzip2"},   {"zstd\\.h", "lib/text/zstd"},
      {"nlohmann/", "lib/io/json"},      {"utf8proc", "lib/base/unicode"},
      {"cairo", "lib/plot/png_picture"}, {"CLI/", "apps/common/option_parser"},
      {"omp\\.h", "lib/ops/gemm"}};
  for (const auto& path : sources({"lib", "bench", "apps"}))
    for (const auto& include : includes(path))
      for (const auto& [library, place] : places) {
        if (!std::regex_search(include, std::regex("^(" + library + ")"))) continue;
        INFO(path.string() << " includes " << include);
        CHECK(std::regex_search(path.generic_string(), std::regex("^" + place)));
      }
}

TEST_CASE("programs print through common/output alone, which escapes; the library does not print") {
  const std::regex way_out("std::(cout|cerr|clog)\\b|\\b(v?f?printf|f?puts|putchar|fwrite|perror)\\(");
  for (const auto& path : sources({"lib", "bench", "apps"})) {
    const std::string name = path.generic_string();
    // What the way out is made of.
    if (name.starts_with("apps/common/output.") || name.starts_with("apps/common/main_guard.") ||
        name.starts_with("apps/common/standard_output."))
      continue;
    INFO(name);
    CHECK_FALSE(std::regex_search(read(kRoot / path), way_out));
  }
}

TEST_CASE("no file of the library or the programs is longer than 300 lines") {
  for (const auto& path : sources({"lib", "bench", "apps"})) {
    const std::string text = read(kRoot / path);
    INFO(path.string());
    CHECK(std::count(text.begin(), text.end(), '\n') <= 300);
  }
}

TEST_CASE("every header begins with what it is, and is included once, unless it is the body of several sources") {
  for (const auto& path : sources({"lib", "bench", "apps"})) {
    if (path.extension() != ".hpp") continue;
    const std::string text = read(kRoot / path);
    INFO(path.string());
    CHECK(text.starts_with("// "));
    CHECK((text.find("#pragma once") != std::string::npos || path.stem().string().ends_with("_body")));
  }
}

TEST_CASE("every source file is in the build") {
  for (const auto& path : sources({"lib", "bench", "apps", "tests"})) {
    if (path.extension() != ".cpp" || path.parent_path().filename() == "support") continue;
    fs::path folder = path.parent_path();
    bool known = false;
    for (; !known && folder != "lib" && folder != "tests" && !folder.empty(); folder = folder.parent_path())
      known = read(kRoot / folder / "CMakeLists.txt").find(path.filename().string()) != std::string::npos;
    INFO(path.string());
    CHECK(known);
  }
}

TEST_CASE("every folder of tests is in the build") {
  const std::string text = read(kRoot / "tests/CMakeLists.txt");
  for (const auto& entry : fs::directory_iterator(kRoot / "tests")) {
    if (!fs::exists(entry.path() / "CMakeLists.txt")) continue;
    INFO(entry.path().string());
    CHECK(text.find("add_subdirectory(" + entry.path().filename().string() + ")") != std::string::npos);
  }
}
