#include "scale/fair_network.hpp"

#include <algorithm>
#include <limits>

namespace moelm {

namespace {

/// Messages that end within this part of the time that has passed end together: fewer events, hardly another result.
constexpr double kTogether = 1e-3;

/// The messages of all ranks of one class to all of another.
struct Flows {
  std::size_t from, to;
  double left, begin;       // bytes of one message; seconds
  double from_one, to_one;  // messages out of one rank, into one rank
  double rate = 0;
  bool open = false, frozen = false;
};

class Sharing {
 public:
  Sharing(const std::vector<RankClass>& classes, const SharedLinks& links,
          const std::function<double(std::size_t, std::size_t)>& bytes)
      : classes_(classes), links_(links), end_(classes.size()) {
    for (std::size_t i = 0; i < classes.size(); ++i) end_[i] = classes[i].start;
    for (std::size_t i = 0; i < classes.size(); ++i)
      for (std::size_t j = 0; j < classes.size(); ++j) {
        const double itself = i == j ? 1 : 0, size = bytes(i, j);
        const double from_one = classes[j].ranks - itself, to_one = classes[i].ranks - itself;
        if (size > 0 && from_one > 0)
          flows_.push_back({i, j, size, std::max(classes[i].start, classes[j].start), from_one, to_one});
      }
  }

  std::vector<double> run() {
    if (flows_.empty()) return end_;
    double now = next_begin(-std::numeric_limits<double>::infinity());
    const double first = now;
    while (!flows_.empty()) {
      bool any = false;
      for (Flows& flow : flows_) any |= flow.open = flow.begin <= now;
      if (!any) {
        now = next_begin(now);
        continue;
      }
      share();
      double step = next_begin(now) - now;
      for (const Flows& flow : flows_)
        if (flow.open) step = std::min(step, flow.left / flow.rate);
      now += step;
      const double slack = kTogether * (now - first);
      for (Flows& flow : flows_) {
        if (!flow.open) continue;
        flow.left -= flow.rate * step;
        if (flow.left > flow.rate * slack) continue;
        const double arrival = now + std::max(0.0, flow.left / flow.rate);
        end_[flow.from] = std::max(end_[flow.from], arrival);
        end_[flow.to] = std::max(end_[flow.to], arrival);
        flow.left = 0;
      }
      std::erase_if(flows_, [](const Flows& flow) { return flow.left <= 0; });
    }
    return end_;
  }

 private:
  double next_begin(double after) const {
    double begin = std::numeric_limits<double>::infinity();
    for (const Flows& flow : flows_)
      if (flow.begin > after) begin = std::min(begin, flow.begin);
    return begin;
  }

  /// A link and the messages on it that have no rate yet.
  struct Link {
    double room, messages = 0;
    double fair() const { return messages > 0.5 ? room / messages : std::numeric_limits<double>::infinity(); }
  };

  /// Rates: the link with the least room for each message gives each of them the same; then the others share what is
  /// left.
  void share() {
    const std::size_t n = classes_.size();
    std::vector<Link> out(n, {links_.bytes_per_second}), in(n, {links_.bytes_per_second});
    Link core{links_.core > 0 ? links_.core : std::numeric_limits<double>::infinity()};
    std::size_t waiting = 0;
    for (Flows& flow : flows_) {
      flow.frozen = !flow.open;
      if (!flow.open) continue;
      ++waiting;
      out[flow.from].messages += flow.from_one;
      in[flow.to].messages += flow.to_one;
      core.messages += flow.from_one * classes_[flow.from].ranks;
    }
    while (waiting > 0) {
      double least = core.fair();
      for (std::size_t i = 0; i < n; ++i) least = std::min({least, out[i].fair(), in[i].fair()});
      const double limit = least * (1 + 1e-9);
      const bool all = core.fair() <= limit;
      std::vector<char> out_full(n), in_full(n);
      for (std::size_t i = 0; i < n; ++i) {
        out_full[i] = out[i].fair() <= limit;
        in_full[i] = in[i].fair() <= limit;
      }
      for (Flows& flow : flows_) {
        if (flow.frozen || !(all || out_full[flow.from] || in_full[flow.to])) continue;
        flow.rate = least;
        flow.frozen = true;
        --waiting;
        take(out[flow.from], flow.from_one, least);
        take(in[flow.to], flow.to_one, least);
        take(core, flow.from_one * classes_[flow.from].ranks, least);
      }
    }
  }

  static void take(Link& link, double messages, double rate) {
    link.room -= messages * rate;
    link.messages -= messages;
  }

  const std::vector<RankClass>& classes_;
  const SharedLinks& links_;
  std::vector<Flows> flows_;
  std::vector<double> end_;
};

}  // namespace

std::vector<double> transfer_times(const std::vector<RankClass>& classes, const SharedLinks& links,
                                   const std::function<double(std::size_t, std::size_t)>& bytes) {
  return Sharing(classes, links, bytes).run();
}

}  // namespace moelm
