#include "moe_train/run_training.hpp"

#include <unistd.h>

#include <string>

#include "base/check.hpp"
#include "base/quantity.hpp"
#include "base/thread_team.hpp"
#include "base/version.hpp"
#include "common/output.hpp"
#include "common/rank_guard.hpp"
#include "dist/launch.hpp"
#include "io/absolute_path.hpp"
#include "io/file.hpp"
#include "model_files/model_message.hpp"
#include "moe_train/ranks.hpp"
#include "moe_train/training_console.hpp"
#include "options/gate_notes.hpp"
#include "options/run_schedule.hpp"
#include "run/run_data.hpp"
#include "terminal/format.hpp"
#include "training/training_run.hpp"

namespace moelm {

namespace {

/// A path quoted for a shell.
std::string quoted(const std::string& path) {
  const bool plain =
      path.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+,:@%") ==
      std::string::npos;
  if (plain && !path.empty()) return path;
  std::string text = "'";
  // Without a backslash, which would be shown as two.
  for (const char c : path) text += c == '\'' ? std::string("'\"'\"'") : std::string(1, c);
  return text + "'";
}

void require_memory(const SizeReport& r, bool force) {
  if (r.fits() || force) return;
  throw Error(Exit::out_of_memory, "memory: expected at most " + format_bytes(r.limit.bytes) + " (" + r.limit.source +
                                       "), found " + format_bytes(r.memory.total()) +
                                       " needed for training; try a smaller --set model.width, moe.experts or "
                                       "train.batch, or --force");
}

DiskPlan disk_plan(const std::string& out, const ResolvedRun& resolved, const SizeReport& report) {
  return plan_disk(out, report.checkpoint_bytes(), report.config.train.keep, resolved.data->tokens(Split::valid) > 0);
}

void require_disk(const std::string& out, const DiskPlan& disk, bool force) {
  if (disk.fits() || force) return;
  throw Error(Exit::io, out + ": disk: expected at least " + format_bytes(disk.needed()) + " for " +
                            format_counted(disk.min_copies, "checkpoint") + " of " + format_bytes(disk.checkpoint) +
                            ", found " + format_bytes(*disk.room) +
                            "; free some, use another --out or a smaller --set model.width, or --force");
}

void print_header(Console& console, const TrainOptions& options, const ResolvedRun& resolved, const SizeReport& report,
                  const DiskPlan& disk) {
  const Dataset& data = *resolved.data;
  console.note("moe-train " + std::string(version()) + ": model " + report.base + ", " +
               format_count(report.size.parameters) + " parameters, " + format_count(report.size.ops_per_timestep) +
               " multiply-adds a token, softmax " + format_percent(report.size.softmax_share(), 0) + " of the work");
  console.note(machine_line(report));
  if (const std::string note = binding_note(find_launch()); !note.empty()) console.note("warning: " + note);
  console.note("data " + data.directory() + ": " + format_count(data.tokens(Split::train)) + " training tokens, " +
               format_count(data.tokens(Split::valid)) + " for validation, vocabulary " +
               format_count(report.vocabulary));
  console.note("training " + training_line(report));
  console.note(exposure_line(report.exposure));
  if (const std::string advice = exposure_advice(resolved.config.model, report.exposure); !advice.empty())
    console.note("note: " + advice);
  for (const std::string& note : schedule_notes(resolved.before, resolved.config)) console.note("note: " + note);
  for (const std::string& note : gate_notes(resolved.config.model, options.config.assignments))
    console.note("note: " + note);
  console.note(checkpoint_line(report, disk));
  if (!disk.fits_all())
    console.note("note: the disk has no room for all of them; once it is full, only the newest and the best are kept");
  if (const std::string advice = softmax_advice(report.size); !advice.empty()) console.note("note: " + advice);
  const Tokenizer& tokenizer = data.tokenizer();
  if (tokenizer.unknown_id() >= 0 && tokenizer.count(tokenizer.unknown_id()) == 0)
    console.note(
        "note: <unk> never occurs in the training tokens, so the model cannot learn to predict unknown words; "
        "moe-tokenize --min-count 2 makes rare words unknown");
  if (data.tokens(Split::valid) == 0)
    console.note("note: there is no validation text, so no checkpoint is known to be the best");
}

/// The run to be stored: the one in --out with its changed values, or a new one.
StoredRun run_to_train(const TrainOptions& options, const ResolvedRun& resolved) {
  const std::string& out = *options.out;
  if (!resolved.stored) {
    RunOrigin origin;
    if (options.init) origin = {OriginKind::init, absolute_path(*options.init), "", ""};
    if (options.resumes_from_path()) origin = {OriginKind::resume, absolute_path(options.resume), "", ""};
    return new_run(out, resolved.config, *resolved.data, origin);
  }
  StoredRun run = *resolved.stored;
  run.config = resolved.config;
  set_data_directory(out, resolved.data->directory(), run.data);  // where they are now
  return run;
}

/// What to run on a trained model. Both programs read the test split unless they are told otherwise.
void print_next(const std::string& out, const Dataset& data) {
  if (data.tokens(Split::test) + data.tokens(Split::valid) == 0) return;
  const std::string split = data.tokens(Split::test) > 0 ? "" : " --split valid";
  print_line("next: moe-eval " + quoted(out) + split);
  print_line("      moe-stats " + quoted(out) + split + " --html experts.html");
}

void print_result(const Command& command, const std::string& out, const Dataset& data, const Json& result,
                  bool finished) {
  if (command.json()) {
    print_json(result);
    return;
  }
  if (result.contains("valid_perplexity"))
    print_line(
        "validation perplexity " + format_measure(result["valid_perplexity"].get<double>(), 5) + " at step " +
        format_count(result["best_step"].get<Index>()) +
        (result.contains("best_checkpoint") ? ", the best: " + result["best_checkpoint"].get<std::string>() : ""));
  print_line((finished ? "trained " : "trained so far ") + format_counted(result["last_step"].get<Index>(), "step") +
             ", " + format_counted(result["tokens"].get<Index>(), "token") + ", in " +
             format_duration(result["seconds"].get<double>()));
  print_next(out, data);
}

}  // namespace

int run_training(const TrainOptions& options, const Command& command, const ResolvedRun& resolved,
                 const SizeReport& report, StopSignal& stop, Communicator& ranks) {
  const std::string& out = *options.out;
  const DiskPlan disk = disk_plan(out, resolved, report);
  require_memory(report, options.force);
  require_disk(out, disk, options.force);
  Console console(console_style(STDERR_FILENO, command.quiet()), console_writer());
  print_header(console, options, resolved, report, disk);

  // A run begins only if its threads can be created: the workers, and the one that reads ahead.
  { const ThreadTeam probe(report.threads.threads + 1); }
  const StoredRun stored = run_to_train(options, resolved);
  TrainingConsole observer(console, stored.config, options.max_seconds.value_or(0));
  Context context(report.threads.threads, products_of(stored.config.train));
  require_lanes(stored.config, ranks);
  ranks.set_patience(stored.config.train.step_timeout);
  announce_model(ranks, Order::train, {stored.config, resolved.vocabulary, context.products(), threads_given(command)});
  TrainingStart start;
  start.run = out;
  start.ranks = &ranks;
  start.max_seconds = options.max_seconds.value_or(0);
  start.max_steps = resolved.max_steps;
  start.foreign_lock = options.break_lock ? RunLock::Foreign::break_lock : RunLock::Foreign::refuse;
  start.stop_requested = [&stop] { return stop.requested(); };
  TrainingRun run(context, stored, *resolved.data, start, observer);
  const std::string again = "moe-train --out " + quoted(out);
  if (run.finished()) {
    stop.defer();  // a signal must not turn the result into a failure
    run.complete_result();
    console.note(out + ": finished at step " + format_count(run.step()) + "; to train further: " + again + " --steps " +
                 std::to_string(2 * run.step()));
    print_result(command, out, *resolved.data, run.result(), true);
    return 0;
  }
  if (run.step() > 0) console.note(out + ": going on after step " + format_count(run.step()));

  stop.defer();
  const TrainEnd end = run.run();
  console.finish();
  if (end == TrainEnd::stopped) {
    console.note("stopped after step " + format_count(run.step()) + ", saved; continue with: " + again);
    return static_cast<int>(Exit::stopped);
  }
  if (const std::string time = observer.time_summary(run.step()); !time.empty()) console.note(time);
  if (end == TrainEnd::out_of_patience)
    console.note("no improvement in " + format_count(stored.config.train.patience) + " validations: training ends");
  print_result(command, out, *resolved.data, run.result(), end != TrainEnd::time_is_up);
  if (end == TrainEnd::time_is_up) {
    const std::string cut = cut_schedule(observer.schedule(), run.step());
    console.note("the time is up, saved" + (cut.empty() ? "" : "; " + cut + " and the plan is not finished") +
                 "; continue with: " + again);
  }
  return 0;
}

}  // namespace moelm
