#include "moe_train/size_report.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/checked.hpp"
#include "base/quantity.hpp"
#include "data/shard.hpp"
#include "dist/launch.hpp"
#include "evaluation/evaluation.hpp"
#include "moe_train/rank_table.hpp"
#include "options/config_json.hpp"
#include "options/interval.hpp"
#include "options/plan.hpp"
#include "options/run_schedule.hpp"
#include "scale/cost_table.hpp"
#include "terminal/format.hpp"
#include "terminal/table.hpp"
#include "training/progress_json.hpp"
#include "training/trainer.hpp"

namespace moelm {

namespace {

constexpr double kLargeSoftmaxShare = 0.7;

std::vector<std::pair<const char*, Index>> parts(const TrainingMemory& memory) {
  return {{"weights", memory.weights},         {"moments", memory.moments}, {"gradients", memory.gradients},
          {"activations", memory.activations}, {"copies", memory.copies},   {"validation", memory.validation},
          {"streams", memory.streams},         {"tensors", memory.tensors}, {"exchange", memory.exchange},
          {"process", memory.process}};
}

/// "10m", "500 steps".
std::string save_interval(const SizeReport& r) {
  const std::string& every = r.config.train.checkpoint_every;
  if (parse_interval("train.checkpoint_every", every).automatic)
    return format_duration(automatic_interval(static_cast<double>(r.checkpoint_bytes()) / kSaveRate));
  return parse_index(every) ? every + " steps" : every;
}

std::string layers_table(const ModelSize& size) {
  Table table;
  table.add_column("layer");
  table.add_column("type", Align::left);
  table.add_column("reads");
  table.add_column("writes");
  table.add_column("parameters");
  table.add_column("ops a token");
  for (std::size_t i = 0; i < size.layers.size(); ++i) {
    const LayerSize& layer = size.layers[i];
    table.add_row({std::to_string(i), layer.type, layer.input_width == 0 ? "tokens" : format_count(layer.input_width),
                   format_count(layer.output_width), format_count(layer.parameters),
                   layer.type == "softmax" ? format_count(size.softmax_ops) : format_count(layer.ops)});
  }
  return table.str();
}

/// The ratios for the planned steps, or for fewer tokens if the time allows no more.
Exposure planned_exposure(const SizeReport& r) {
  const auto steps = static_cast<double>(r.config.train.steps);
  Reading reading{steps * static_cast<double>(rows_per_step(r.config.train)), r.training_tokens, r.vocabulary};
  if (r.steps_per_pass > 0)
    reading.tokens = steps / static_cast<double>(r.steps_per_pass) * static_cast<double>(r.training_tokens);
  if (r.time && r.time->tokens > 0) reading.tokens = std::min(reading.tokens, r.time->tokens);
  return exposure(r.config.model, reading);
}

/// Each stream is read one decoded block at a time. There are at most as many lines as tokens in a batch.
TrainingRows training_rows(const TrainConfig& train, Index training_tokens, int ranks) {
  const bool carry = train.state == StateKind::carry;
  Index streams = carry ? train.batch : train.batch_tokens;
  if (training_tokens > 0) streams = std::min(streams, training_tokens);
  return {rows_per_step(train),
          train.micro_batch_tokens,
          kEvaluationTokens,
          streams,
          carry ? kBlockTokens * static_cast<Index>(sizeof(std::int32_t)) : 0,
          train.full_softmax > 0,
          ranks,
          (train.lanes + ranks - 1) / ranks};
}

}  // namespace

SizeReport size_report(const RunConfig& config, const std::string& base, Index vocabulary, Index training_tokens,
                       Index steps_per_pass, const ThreadChoice& threads, int ranks) {
  const auto memory = [&](int of) {
    return training_memory(config.model, vocabulary, training_rows(config.train, training_tokens, of), threads.threads,
                           config.optimizer, products_of(config.train));
  };
  SizeReport report;
  report.config = config;
  report.base = base;
  report.vocabulary = vocabulary;
  report.training_tokens = training_tokens;
  report.steps_per_pass = steps_per_pass;
  report.ranks = ranks;
  report.threads = threads;
  report.limit = memory_of_rank(find_launch());
  report.size = model_size(config.model, vocabulary);
  report.memory = memory(ranks);
  const TrainingMemory whole = memory(1);
  report.checkpoint = whole.weights + whole.moments;
  report.exposure = planned_exposure(report);
  return report;
}

void SizeReport::limit_time(const GivenTime& given) {
  time = given;
  exposure = planned_exposure(*this);
}

void SizeReport::plan_ranks(int most, const std::optional<std::string>& given, const MachineRates& machine) {
  if (given) network = parse_network(*given, "--network");
  StepShape shape;
  shape.vocabulary = vocabulary;
  shape.rows = rows_per_step(config.train);
  shape.unroll = config.train.unroll;
  for (int count = 1; count <= most; count = count < most ? std::min(2 * count, most) : most + 1) {
    shape.ranks = count;
    // The lanes of this configuration are those for the most ranks.
    shape.lanes = count == most ? std::max<Index>(config.train.lanes, count) : count;
    rank_costs.push_back(moelm::rank_costs(config, shape, machine, network));
  }
}

std::string size_table(const SizeReport& r) {
  std::string text =
      "model " + r.base + ", vocabulary " + format_count(r.vocabulary) + "\n\n" + layers_table(r.size) + "\n";
  Table totals;
  totals.add_column("total", Align::left);
  totals.add_column("");
  totals.add_row({"parameters", format_count(r.size.parameters)});
  totals.add_row(
      {"  without embedding and softmax, no biases", format_count(r.size.parameters_without_embedding_and_softmax)});
  totals.add_row({"ops a token without the softmax", format_count(r.size.ops_per_timestep)});
  totals.add_row({"softmax's share of the work", format_percent(r.size.softmax_share())});
  for (const auto& [name, bytes] : parts(r.memory))
    totals.add_row({std::string("memory: ") + name, format_bytes(bytes)});
  totals.add_row({"peak memory of training", format_bytes(r.memory.total())});
  totals.add_row({"one checkpoint", format_bytes(r.checkpoint_bytes())});
  totals.add_row({"checkpoints every", save_interval(r)});
  totals.add_row({"memory here (" + r.limit.source + ")", format_bytes(r.limit.bytes)});
  totals.add_row({"fits", r.fits() ? "yes" : "no"});
  text += totals.str() + "\ntraining: " + training_line(r) + "\n" + exposure_line(r.exposure) + "\n" + machine_line(r) +
          "\n";
  if (!r.rank_costs.empty()) text += "\n" + ranks_table(r.rank_costs, r.network);
  if (const std::string advice = exposure_advice(r.config.model, r.exposure); !advice.empty()) text += advice + "\n";
  if (const std::string advice = softmax_advice(r.size); !advice.empty()) text += advice + "\n";
  return text;
}

Json size_json(const SizeReport& r) {
  Json layers = Json::array();
  for (std::size_t i = 0; i < r.size.layers.size(); ++i) {
    const LayerSize& layer = r.size.layers[i];
    layers.push_back({{"layer", i},
                      {"type", layer.type},
                      {"input_width", layer.input_width},
                      {"output_width", layer.output_width},
                      {"parameters", layer.parameters},
                      {"weights", layer.weights},
                      {"ops_per_timestep", layer.ops}});
  }
  Json memory = Json::object();
  for (const auto& [name, bytes] : parts(r.memory)) memory[name] = bytes;
  return {{"model", r.base},
          {"vocabulary_size", r.vocabulary},
          {"ops_per_timestep", r.size.ops_per_timestep},
          {"parameters", r.size.parameters},
          {"parameters_without_embedding_and_softmax", r.size.parameters_without_embedding_and_softmax},
          {"softmax_ops", r.size.softmax_ops},
          {"softmax_share", r.size.softmax_share()},
          {"peak_memory_bytes", r.memory.total()},
          {"memory", memory},
          {"checkpoint_bytes", r.checkpoint_bytes()},
          {"memory_limit", {{"bytes", r.limit.bytes}, {"source", r.limit.source}}},
          {"fits", r.fits()},
          {"threads", {{"count", r.threads.threads}, {"source", r.threads.source}}},
          {"rows_per_step", rows_per_step(r.config.train)},
          {"training_tokens", r.training_tokens},
          {"steps_per_pass", r.steps_per_pass},
          {"exposure", exposure_json(r.exposure)},
          {"ranks", costs_json(r.rank_costs)},
          {"layers", layers},
          {"config", config_json(r.config)}};
}

std::string machine_line(const SizeReport& r) {
  const std::string ranks = r.ranks > 1 ? format_counted(r.ranks, "rank") + ", each with " : "";
  return ranks + format_counted(r.threads.threads, "thread") + " (" + r.threads.source + "), " +
         format_bytes(r.memory.total()) + " of " + format_bytes(r.limit.bytes) + " memory (" + r.limit.source + "), " +
         std::string(enum_name(r.config.train.dtype));
}

std::string training_line(const SizeReport& r) {
  const TrainConfig& t = r.config.train;
  const Index rows = rows_per_step(t);
  // Whole lines and the end of a text seldom fill a batch.
  const bool full = r.steps_per_pass == 0 || product_at_most(rows, r.steps_per_pass) == r.training_tokens;
  std::string text = r.training_tokens > 0 ? "" : "without data planned as ";
  if (r.time && r.training_tokens > 0 && ends_by_plan(t.schedule))
    text += "for " + format_duration(r.time->seconds) + ", at most ";
  text += format_counted(t.steps, "step") + " of " + (full ? "" : "at most ") + format_counted(rows, "token");
  if (t.state == StateKind::carry) text += " (" + std::to_string(t.batch) + " x " + std::to_string(t.unroll) + ")";
  if (r.steps_per_pass > 0)
    text += ", " + format_measure(static_cast<double>(t.steps) / static_cast<double>(r.steps_per_pass), 3) +
            " passes over " + format_counted(r.training_tokens, "token");
  return text + "; " + schedule_line(schedule_of(r.config)) + ", dropout " + format_number(r.config.model.dropout);
}

std::string checkpoint_line(const SizeReport& r, const DiskPlan& disk) {
  const TrainConfig& t = r.config.train;
  std::string text = "checkpoints of " + format_bytes(disk.checkpoint) + " every " + save_interval(r) +
                     ", the newest " + std::to_string(t.keep) + (disk.min_copies == 3 ? " and the best" : "") +
                     " kept: " + format_bytes(disk.wanted());
  if (disk.room) text += " of " + format_bytes(*disk.room);
  return text;
}

std::string softmax_advice(const ModelSize& size) {
  if (size.softmax_share() <= kLargeSoftmaxShare) return "";
  const std::size_t layer = size.layers.size() - 1;
  const std::vector<Index> cutoffs = planned_cutoffs(size.layers.back().output_width);
  std::string list;
  for (const Index cutoff : cutoffs) list += (list.empty() ? "" : ",") + std::to_string(cutoff);
  return "the softmax takes " + format_percent(size.softmax_share(), 0) +
         " of the work: a smaller vocabulary (moe-tokenize --vocab-size), --tokenizer bpe, " +
         (cutoffs.empty()
              ? ""
              : "for words the adaptive softmax (--set " + layer_key(layer, "cutoffs") + "=[" + list + "]), ") +
         "or a sample of it (--set " + layer_key(layer, "samples") + "=2048) trains faster";
}

}  // namespace moelm
