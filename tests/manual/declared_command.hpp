// A command with an option of every kind, as a program declares it.
#pragma once

#include "common/command_description.hpp"

inline moelm::CommandDescription declared_command() {
  using moelm::OptionValues;
  moelm::CommandDescription command{"moe-sample", "Does 'this': and that.", "--data DIR [FILE]", {}, {}, {}};
  const auto add = [&](std::vector<std::string> names, const char* unit, const char* help, OptionValues values) {
    command.options.push_back({std::move(names), unit, help, values, {}, true});
  };
  add({"-q", "--quiet"}, "", "say nothing; it's [quiet]", OptionValues::none);
  add({"--data", "--folder"}, "DIR", "a folder: read", OptionValues::one);
  add({"--resume"}, "auto|never|PATH", "whether it goes on", OptionValues::one);
  add({"--steps"}, "N", "how many", OptionValues::one);
  add({"--set"}, "KEY=VALUE", "a key", OptionValues::repeated);
  command.options.back().offered = [] {
    return std::vector<std::string>{"a.lr=", "a.kind=", "a.kind=one", "a.kind=two"};
  };
  add({"--train"}, "FILE...", ".txt or \\N", OptionValues::many);
  add({}, "[FILE]", "a text", OptionValues::many);
  command.examples.push_back({"moe-sample --data d 'a b'", "reads it"});
  command.exits = {{0, "done"}, {65, "bad data"}};
  return command;
}
