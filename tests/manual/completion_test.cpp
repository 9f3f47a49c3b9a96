// What completion offers for a value follows from the declaration of its option.
#include "common/completion.hpp"

#include "manual/declared_command.hpp"
#include "support/catch.hpp"

using namespace moelm;

namespace {

Completion completion_of_unit(const std::string& unit) {
  return completion_of(DeclaredOption{{"--x"}, unit, "", OptionValues::one, {}, true});
}

}  // namespace

TEST_CASE("a unit says what its values are") {
  for (const char* unit : {"FILE", "PATH", "FILE..."}) {
    CHECK(completion_of_unit(unit).files);
    CHECK_FALSE(completion_of_unit(unit).folders);
  }
  for (const char* unit : {"DIR", "FOLDER", "RUN"}) {
    CHECK(completion_of_unit(unit).folders);
    CHECK_FALSE(completion_of_unit(unit).files);
  }
  const Completion mixed = completion_of_unit("auto|never|PATH");
  CHECK(mixed.words == std::vector<std::string>{"auto", "never"});
  CHECK(mixed.files);
  const Completion number = completion_of_unit("N");
  CHECK((number.words.empty() && !number.files && !number.folders));
}

TEST_CASE("keys are known by their sign") {
  const CommandDescription command = declared_command();
  CHECK(has_keys(completion_of(*find_option(command, "--set"))));
  CHECK_FALSE(has_keys(completion_of(*find_option(command, "--resume"))));
}

TEST_CASE("options are found by each of their names") {
  const CommandDescription command = declared_command();
  CHECK(find_option(command, "-q") == find_option(command, "--quiet"));
  CHECK(find_option(command, "--folder")->name() == "--folder");
  CHECK(find_option(command, "--none") == nullptr);
  CHECK(long_names(command) ==
        std::vector<std::string>{"--quiet", "--data", "--folder", "--resume", "--steps", "--set", "--train"});
}

TEST_CASE("a quoted word is one word for a shell") { CHECK(shell_quoted("it's $HOME") == R"('it'\''s $HOME')"); }
