#include "scale/step_simulation.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <vector>

#include "base/random.hpp"
#include "dist/collectives.hpp"
#include "scale/link_backlog.hpp"
#include "scale/rank_classes.hpp"
#include "scale/step_phases.hpp"

namespace moelm {

namespace {

constexpr int kRanksToDraw = 256, kMostSteps = 32;  // enough ranks together for a steady mean

/// The load of the experts of each rank in shares of the mean: experts have log-normal loads.
std::vector<double> draw_loads(Index experts, int ranks, double cv, const RandomStream& stream, Index step) {
  std::vector<float> normals(static_cast<std::size_t>(experts));
  stream.normals(step, 0, 0, experts, normals.data());
  const double variance = std::log1p(cv * cv), deviation = std::sqrt(variance);
  std::vector<double> loads;
  for (int r = 0; r < ranks; ++r) {
    double& load = loads.emplace_back(0);
    for (Index e = share_begin(experts, r, ranks); e < share_begin(experts, r + 1, ranks); ++e)
      load += std::exp(deviation * static_cast<double>(normals[static_cast<std::size_t>(e)]) - variance / 2);
  }
  const double mean = std::accumulate(loads.begin(), loads.end(), 0.0) / ranks;
  for (double& load : loads) load /= mean;
  return loads;
}

/// One step.
class Simulation {
 public:
  Simulation(const RunConfig& config, const StepShape& shape, const std::vector<StepPhase>& phases,
             const MachineRates& machine, const Network& network, const Unevenness& unevenness, std::uint64_t seed,
             Index step)
      : phases_(phases),
        machine_(machine),
        network_(network),
        links_{network.bytes_per_second, unevenness.oversubscription > 1
                                             ? shape.ranks * network.bytes_per_second / unevenness.oversubscription
                                             : 0},
        ranks_(static_cast<std::size_t>(shape.ranks)),
        now_(ranks_, 0.0),
        speed_(ranks_, 1.0),
        backlogs_(ranks_) {
    const RandomStream jitter(seed, "jitter", 0);
    for (int r = 0; r < shape.ranks; ++r) {
      rows_.push_back(row_share(shape, r));
      // No machine is twice as fast as the others.
      if (shape.ranks > 1)
        speed_[static_cast<std::size_t>(r)] =
            std::max(0.5, 1 + unevenness.jitter * static_cast<double>(jitter.normal(step, r, 0)));
    }
    for (std::size_t l = 0; l < config.model.layers.size(); ++l)
      if (const auto* moe = std::get_if<MoeConfig>(&config.model.layers[l]))
        loads_[l] = draw_loads(moe->experts, shape.ranks, unevenness.load_cv,
                               RandomStream(seed, "load", static_cast<Index>(l)), step);
  }

  RankCosts run() {
    for (std::size_t i = 0; i < phases_.size(); ++i) {
      const StepPhase& phase = phases_[i];
      if (phase.awaits) {
        await(*phase.awaits);
        work(phases_[*phase.awaits]);
      } else if (phase.flow == Flow::none) {
        work(phase);
      } else if (phase.beside) {
        begin(i);
      } else {
        exchange(phase);
        work(phase);
      }
    }
    const double end = *std::max_element(now_.begin(), now_.end());
    for (const double now : now_) costs_.waiting += end - now;
    for (const Cost cost : {Cost::work, Cost::exchange, Cost::copies, Cost::tables, Cost::leader, Cost::messages})
      costs_.seconds_of(cost) /= static_cast<double>(ranks_);
    costs_.waiting /= static_cast<double>(ranks_);
    return costs_;
  }

 private:
  double load(const StepPhase& phase, std::size_t rank) const { return loads_.at(*phase.layer)[rank]; }

  void work(const StepPhase& phase) {
    for (std::size_t r = 0; r < ranks_; ++r) {
      const double share = phase.layer ? load(phase, r) : rows_[r];
      const double seconds =
          speed_[r] * (share * phase.multiply_adds / machine_.multiply_adds + phase.memory_bytes / machine_.memory);
      now_[r] += seconds;
      costs_.compute += seconds;
      backlogs_[r].pass(seconds);
    }
  }

  /// Every message costs its sender time, whatever its size.
  void post(const StepPhase& phase) {
    const bool by_leader = phase.flow == Flow::from_leader;
    for (std::size_t r = 0; r < ranks_; ++r) {
      const double peers = by_leader && r > 0 ? 1 : static_cast<double>(ranks_) - 1;
      const double seconds = peers * phase.messages * network_.message;
      now_[r] += seconds;
      costs_.messages += seconds;
    }
  }

  /// When each rank has sent and received all, if they are ready at these times.
  std::vector<double> arrivals(const StepPhase& phase, const std::vector<double>& ready) const {
    std::vector<RankPart> parts;
    for (std::size_t r = 0; r < ranks_; ++r) parts.push_back({ready[r], rows_[r], phase.layer ? load(phase, r) : 1});
    const bool by_leader = phase.flow == Flow::from_leader;
    const RankClasses ranks = classes_of(parts, by_leader);
    const std::size_t leader = ranks.class_of[0];
    const auto all = static_cast<double>(ranks_);
    const std::vector<double> ends =
        transfer_times(ranks.classes, links_, [&](std::size_t from, std::size_t to) -> double {
          switch (phase.flow) {
            case Flow::to_owners:
              return phase.bytes * ranks.parts[from].rows * ranks.parts[to].load / all;
            case Flow::to_homes:
              return phase.bytes * ranks.parts[to].rows * ranks.parts[from].load / all;
            case Flow::from_leader:
              return from == leader ? phase.bytes * ranks.parts[to].rows : 0;
            default:
              return phase.bytes;
          }
        });
    std::vector<double> times;
    for (std::size_t r = 0; r < ranks_; ++r) times.push_back(ends[ranks.class_of[r]]);
    return times;
  }

  void exchange(const StepPhase& phase) {
    post(phase);
    const std::vector<double> end = arrivals(phase, now_);
    const double last = *std::max_element(now_.begin(), now_.end()), leader = now_[0];
    for (std::size_t r = 0; r < ranks_; ++r) {
      const double awaited = phase.flow == Flow::from_leader ? leader : last;
      const double waiting = std::clamp(awaited - now_[r], 0.0, std::max(0.0, end[r] - now_[r]));
      costs_.waiting += waiting;
      costs_.seconds_of(phase.cost) += std::max(0.0, end[r] - now_[r]) - waiting;
      costs_.messages += network_.latency;
      now_[r] = std::max(now_[r], end[r]) + network_.latency;
    }
  }

  void begin(std::size_t number) {
    const StepPhase& phase = phases_[number];
    post(phase);
    const std::vector<double> seconds = arrivals(phase, std::vector<double>(ranks_, 0.0));
    for (std::size_t r = 0; r < ranks_; ++r) backlogs_[r].add(number, seconds[r] + network_.latency);
    begun_[number] = *std::max_element(now_.begin(), now_.end());
  }

  void await(std::size_t number) {
    for (std::size_t r = 0; r < ranks_; ++r) {
      // It cannot arrive before the last rank has sent it.
      const double waiting = std::max(0.0, begun_.at(number) - now_[r]), journey = backlogs_[r].await(number);
      costs_.waiting += waiting;
      costs_.seconds_of(phases_[number].cost) += journey;
      now_[r] += waiting + journey;
    }
  }

  const std::vector<StepPhase>& phases_;
  const MachineRates& machine_;
  const Network& network_;
  SharedLinks links_;
  std::size_t ranks_;
  std::vector<double> now_, speed_, rows_;
  std::map<std::size_t, std::vector<double>> loads_;  ///< by layer, of each rank
  std::vector<LinkBacklog> backlogs_;                 ///< of each rank
  std::map<std::size_t, double> begun_;               ///< by phase: when the last rank began to send it
  RankCosts costs_;
};

}  // namespace

RankCosts simulate_step(const RunConfig& config, const StepShape& shape, const MachineRates& machine,
                        const Network& network, const Unevenness& unevenness, const Drawing& drawing) {
  const std::vector<StepPhase> phases = step_phases(config, shape);
  const bool random = shape.ranks > 1 && (unevenness.load_cv > 0 || unevenness.jitter > 0);
  const int steps = !random             ? 1
                    : drawing.steps > 0 ? drawing.steps
                                        : std::clamp(kRanksToDraw / shape.ranks, 2, kMostSteps);
  RankCosts mean;
  mean.ranks = shape.ranks;
  mean.rows = shape.rows_of_rank();
  count_bytes(phases, mean);
  for (int step = 0; step < steps; ++step) {
    RankCosts one = Simulation(config, shape, phases, machine, network, unevenness, drawing.seed, step).run();
    for (const Cost cost : {Cost::work, Cost::exchange, Cost::copies, Cost::tables, Cost::leader, Cost::messages})
      mean.seconds_of(cost) += one.seconds_of(cost) / steps;
    mean.waiting += one.waiting / steps;
  }
  return mean;
}

}  // namespace moelm
