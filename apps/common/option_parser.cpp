#include "common/option_parser.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "base/error.hpp"

namespace moelm {

struct OptionParser::App {
  CLI::App app;
};

OptionParser::OptionParser() : app_(std::make_unique<App>()) {
  app_->app.set_help_flag();
  app_->app.allow_extras();
}

OptionParser::~OptionParser() = default;

void OptionParser::add_flag(const std::string& names, bool& value) { app_->app.add_flag(names, value); }

void OptionParser::add_option(const std::string& name) {
  CLI::Option* option = app_->app.add_option(name, CLI::callback_t([](const CLI::results_t&) { return true; }));
  option->type_size(1)->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  option->allow_extra_args(false);
}

std::vector<std::string> OptionParser::parse(std::vector<std::string> words) {
  std::reverse(words.begin(), words.end());  // as CLI11 takes them
  try {
    app_->app.parse(std::move(words));
  } catch (const CLI::ArgumentMismatch& e) {
    const std::string message = e.what();
    throw ParseMistake{message, message.substr(0, message.find(':'))};
  } catch (const CLI::ParseError& e) {
    throw ParseMistake{e.what(), ""};
  }
  return app_->app.remaining();
}

bool OptionParser::given(const std::string& name) const { return app_->app.get_option(name)->count() > 0; }

const std::vector<std::string>& OptionParser::values(const std::string& name) const {
  return app_->app.get_option(name)->results();
}

std::string OptionParser::value(const std::string& name) const {
  const std::vector<std::string>& all = values(name);
  for (const std::string& value : all)
    if (value != all.front()) throw Error(Exit::usage, name + ": given twice, as " + all.front() + " and as " + value);
  return all.front();
}

}  // namespace moelm
