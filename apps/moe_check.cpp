// moe-check: verifies runs, checkpoints, data folders and files, and lists every fault.
#include "base/error.hpp"
#include "base/quantity.hpp"
#include "common/command.hpp"
#include "common/main_guard.hpp"
#include "common/output.hpp"
#include "io/json.hpp"
#include "run/verify_path.hpp"

namespace moelm {
namespace {

void print(const VerifiedPath& verified) {
  const std::size_t count = verified.faults.size();
  const std::string finding = count == 0 ? "intact" : format_counted(static_cast<Index>(count), "fault");
  print_line(verified.path + ": " + verified.kind + ": " + finding);
  for (const std::string& fault : verified.faults) print_line("  " + fault);
  for (const std::string& note : verified.notes) print_line("  note: " + note);
  flush_output();
}

/// Reports a path that cannot be read like any other, so that the next ones are verified too. In the exit code damage
/// comes first.
VerifiedPath verify(const std::string& path, Exit& exit) {
  try {
    VerifiedPath verified = verify_path(path);
    if (!verified.faults.empty()) exit = Exit::bad_data;
    return verified;
  } catch (const Error& error) {
    if (exit == Exit::ok) exit = error.exit();
    return {path, error.exit() == Exit::missing_input ? "missing" : "unreadable", {error.what()}, {}};
  }
}

int run(int argc, char** argv) {
  Command command("moe-check", "Verifies runs, checkpoints, data folders and files, and lists every fault.",
                  "PATH... [options]");
  std::vector<std::string> paths;
  command.positional("PATH", paths, 1, 1000000, "a run, a checkpoint, a data folder or one of their files");
  command.json_flag("one JSON object on stdout");
  command.example("run/", "a run and all its checkpoints, also while it is training");
  command.example("data/ run/checkpoints/step-000000001000", "a data folder and one checkpoint");
  command.exit_code(Exit::bad_data, "something is damaged; every fault is listed on stdout");
  command.exit_code(Exit::missing_input, "a path does not exist; the others were verified");
  if (const auto exit = command.parse(argc, argv)) return *exit;

  Json report = {{"intact", true}, {"paths", Json::array()}};
  Exit exit = Exit::ok;
  for (const std::string& path : paths) {
    const VerifiedPath verified = verify(path, exit);
    if (!verified.faults.empty()) report["intact"] = false;
    report["paths"].push_back(
        {{"path", verified.path}, {"kind", verified.kind}, {"faults", verified.faults}, {"notes", verified.notes}});
    if (!command.json() && !(command.quiet() && verified.faults.empty())) print(verified);
  }
  if (command.json()) print_json(report);
  return static_cast<int>(exit);
}

}  // namespace
}  // namespace moelm

int main(int argc, char** argv) {
  return moelm::main_guard([&] { return moelm::run(argc, argv); });
}
