// The description of a command line: the one source of parsing, --help, the manual page and completion.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace moelm {

/// How many values an option takes. `repeated`: one, but it may be given several times.
enum class OptionValues { none, one, repeated, many };

/// An option, or arguments without one.
struct DeclaredOption {
  /// "-q", "--quiet". Empty for arguments without an option.
  std::vector<std::string> names;
  /// What a value is ("FILE", "auto|never|PATH"); the names of arguments ("RUN [TEXT]"). Empty without a value.
  std::string unit;
  std::string help;
  OptionValues values = OptionValues::none;
  /// The values that completion offers; null for those that the unit tells. A value that ends with "=" is a key, and
  /// "key=value" is one of its values.
  std::function<std::vector<std::string>()> offered;
  bool in_help = true;  ///< else only in the manual page

  bool is_argument() const { return names.empty(); }
  /// The name that messages and scripts use.
  const std::string& name() const { return names.back(); }
};

struct CommandExample {
  std::string command, meaning;
};

/// In the order of the declarations.
struct CommandDescription {
  std::string name, summary;
  std::string usage;  ///< follows the name in the usage line
  std::vector<DeclaredOption> options;
  std::vector<CommandExample> examples;
  std::map<int, std::string> exits;
};

/// The option with this name, long or short; null if there is none.
DeclaredOption* find_option(CommandDescription& command, const std::string& name);
const DeclaredOption* find_option(const CommandDescription& command, const std::string& name);

/// The names that begin with two dashes.
std::vector<std::string> long_names(const CommandDescription& command);

/// What a shell offers for a value.
struct Completion {
  std::vector<std::string> words;
  bool files = false;    ///< folders too
  bool folders = false;  ///< only these
};

/// By the offered values, else by the unit: FILE and PATH are files, RUN, DATA, DIR and FOLDER folders, words in lower
/// case themselves.
Completion completion_of(const DeclaredOption& option);

/// Whether words are keys and their values ("train.lr=", "train.state=carry").
bool has_keys(const Completion& completion);

}  // namespace moelm
