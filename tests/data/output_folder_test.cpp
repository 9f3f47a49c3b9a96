// The folder that moe-tokenize makes: complete or not there, and nothing of somebody else is lost.
#include "io/output_folder.hpp"

#include <sys/stat.h>

#include "data/index_room.hpp"
#include "data/workshop.hpp"
#include "io/file.hpp"
#include "support/error_of.hpp"

using namespace moelm;

TEST_CASE("nothing is overwritten, leftovers are cleared, a stop leaves nothing") {
  const Workshop shop;
  const std::string a = shop.text("a", some_text(50'000, 4));
  std::filesystem::create_directory(shop.path("data"));  // empty: fine
  std::filesystem::create_directory(shop.path("data.partial"));
  shop.text("data.partial/train-00000.shard", "left by a run that was killed");
  shop.make("data", {.train = {a}});
  const auto before = contents(shop.path("data"));
  CHECK(before.size() == 6);
  const auto again = [&] { shop.make("data", {.train = {a}}); };
  CHECK(error_exit(again) == Exit::cannot_create);
  CHECK(contents(shop.path("data")) == before);

  std::filesystem::remove_all(shop.path("data.partial"));

  Context context(2);
  for (int after = 0; after < 5; ++after) {
    int asked = 0;
    const JobCallbacks callbacks = {.stop = [&] { return asked++ >= after; }, .progress = {}};
    const TokenizeOptions options = {.out = shop.path("stopped"), .train = {a}};
    const Exit exit = error_exit([&] { tokenize_corpus(options, context, callbacks); });
    const bool there = std::filesystem::exists(shop.path("stopped/index.json"));
    CHECK(exit == (there ? Exit::ok : Exit::stopped));
    CHECK_FALSE(std::filesystem::exists(shop.path("stopped.partial")));
    if (there) break;
  }
  std::filesystem::remove_all(shop.path("stopped"));
  shop.make("stopped", {.train = {a}});
  CHECK(contents(shop.path("stopped")) == before);
}

TEST_CASE("a folder NAME.partial of somebody else is kept, with the input that may be in it") {
  const Workshop shop;
  const std::string a = shop.text("a", some_text(50'000, 4)), partial = shop.path("data.partial");
  const auto kept = [&](const std::vector<std::string>& names) {
    std::filesystem::remove_all(partial);
    std::filesystem::create_directory(partial);
    for (const std::string& name : names) shop.text("data.partial/" + name, "mine");
    const auto before = contents(partial);
    const auto make = [&] { shop.make("data", {.train = {names.empty() ? a : partial + "/" + names[0]}}); };
    CHECK(error_exit(make) == Exit::cannot_create);
    CHECK(contents(partial) == before);
    CHECK_FALSE(std::filesystem::exists(shop.path("data")));
  };
  kept({"thesis.tex"});
  kept({"tokenizer.json"});
  kept({"train-00000.shard", "thesis.tex"});
  kept({"train-00000.shard", "tokenizer.json", "index.json"});  // a whole data folder
  kept({"train-0.shard"});
  kept({".moelm-partial", "train-00000.shard", "thesis.tex"});
  std::filesystem::remove_all(partial);
  std::filesystem::create_directory(partial);
  for (const char* name : {".moelm-partial", "train-00000.shard", "tokenizer.json", "vocab.txt", ".tmp-vocab.txt-17-0",
                           ".tmp-index.json-17-0"})
    shop.text("data.partial/" + std::string(name), "left by a run that was killed");
  shop.make("data", {.train = {a}});
  CHECK(contents(shop.path("data")).size() == 6);
  CHECK_FALSE(std::filesystem::exists(partial));
}

TEST_CASE("an empty folder is filled in place, as a volume must be, with the index last; a leftover in it is cleared") {
  const Workshop shop;
  const std::string a = shop.text("a", some_text(50'000, 4)), volume = shop.path("volume");
  std::filesystem::create_directories(volume + "/lost+found");
  struct stat before {
  }, after{};
  REQUIRE(::stat(volume.c_str(), &before) == 0);
  Context context(1);
  const JobCallbacks stops = {.stop = [asked = 0]() mutable { return ++asked > 2; }, .progress = {}};
  const TokenizeOptions options = {.out = volume, .train = {a}};
  CHECK(error_exit([&] { tokenize_corpus(options, context, stops); }) == Exit::stopped);
  CHECK(list_directory(volume) == std::vector<std::string>{"lost+found"});
  for (const char* name : {".moelm-partial", "valid-00000.shard"}) shop.text("volume/" + std::string(name), "leftover");
  shop.make("volume", {.train = {a}});
  REQUIRE(::stat(volume.c_str(), &after) == 0);
  CHECK(before.st_ino == after.st_ino);
  CHECK(list_directory(volume) == std::vector<std::string>{"index.json", "lost+found", "test-00000.shard",
                                                           "tokenizer.json", "train-00000.shard", "valid-00000.shard",
                                                           "vocab.txt"});
  CHECK_FALSE(std::filesystem::exists(volume + ".partial"));
  std::filesystem::remove(volume + "/index.json");  // no leftover of ours: it has lost its mark
  CHECK(error_exit([&] { shop.make("volume", {.train = {a}}); }) == Exit::cannot_create);
  CHECK(std::filesystem::exists(volume + "/train-00000.shard"));
}

TEST_CASE("more files than an index has room for are refused before the work") {
  TokenizeOptions options;
  for (int i = 0; i < 5000; ++i) options.train.push_back("corpus/" + std::to_string(i) + ".txt");
  require_readable_index(options);
  while (options.train.size() < 100'000)
    options.train.push_back(std::string(200, 'x') + std::to_string(options.train.size()));
  CHECK(error_exit([&] { require_readable_index(options); }) == Exit::bad_data);
  CHECK(holds(error_text([&] { require_readable_index(options); }), "--train: expected fewer files, found 100,000"));
}
