#include "dist/collectives.hpp"

#include <algorithm>
#include <cstdint>

namespace moelm {

namespace {

template <class Visit>
void for_each_other(const Communicator& ranks, Visit&& visit) {
  for (int r = 0; r < ranks.size(); ++r)
    if (r != ranks.rank()) visit(r);
}

/// Tells every rank the size of what comes to it; returns those that come here.
std::vector<std::uint64_t> exchange_sizes(Communicator& ranks, Phase phase, const std::vector<std::uint64_t>& own) {
  std::vector<std::uint64_t> sizes(own.size());
  std::vector<Outgoing> sends;
  std::vector<Incoming> receives;
  for_each_other(ranks, [&](int r) {
    const auto i = static_cast<std::size_t>(r);
    sends.push_back({r, std::as_bytes(std::span(&own[i], 1))});
    receives.push_back({r, std::as_writable_bytes(std::span(&sizes[i], 1))});
  });
  ranks.exchange(phase, sends, receives);
  return sizes;
}

}  // namespace

void broadcast(Communicator& ranks, Phase phase, std::span<std::byte> bytes) {
  if (ranks.size() == 1) return;
  if (!ranks.leads()) {
    const Incoming from{0, bytes};
    return ranks.exchange(phase, {}, std::span(&from, 1));
  }
  std::vector<Outgoing> sends;
  for_each_other(ranks, [&](int r) { sends.push_back({r, bytes}); });
  ranks.exchange(phase, sends, {});
}

void broadcast(Communicator& ranks, Phase phase, Bytes& bytes) {
  std::uint64_t size = bytes.size();
  broadcast(ranks, phase, std::as_writable_bytes(std::span(&size, 1)));
  bytes.resize(size);
  if (size > 0) broadcast(ranks, phase, std::span(bytes));
}

std::vector<Bytes> all_gather(Communicator& ranks, Phase phase, std::span<const std::byte> own) {
  std::vector<Bytes> all(static_cast<std::size_t>(ranks.size()));
  all[static_cast<std::size_t>(ranks.rank())].assign(own.begin(), own.end());
  const std::vector<std::uint64_t> sizes =
      exchange_sizes(ranks, phase, std::vector<std::uint64_t>(all.size(), own.size()));
  std::vector<Outgoing> sends;
  std::vector<Incoming> receives;
  for_each_other(ranks, [&](int r) {
    const auto i = static_cast<std::size_t>(r);
    all[i].resize(sizes[i]);
    if (!own.empty()) sends.push_back({r, own});
    if (!all[i].empty()) receives.push_back({r, all[i]});
  });
  ranks.exchange(phase, sends, receives);
  return all;
}

std::vector<Bytes> all_to_all(Communicator& ranks, Phase phase, const std::vector<Bytes>& send) {
  std::vector<std::uint64_t> own;
  for (const Bytes& bytes : send) own.push_back(bytes.size());
  const std::vector<std::uint64_t> sizes = exchange_sizes(ranks, phase, own);
  std::vector<Bytes> received(send.size());
  received[static_cast<std::size_t>(ranks.rank())] = send[static_cast<std::size_t>(ranks.rank())];
  std::vector<Outgoing> sends;
  std::vector<Incoming> receives;
  for_each_other(ranks, [&](int r) {
    const auto i = static_cast<std::size_t>(r);
    received[i].resize(sizes[i]);
    if (!send[i].empty()) sends.push_back({r, send[i]});
    if (!received[i].empty()) receives.push_back({r, received[i]});
  });
  ranks.exchange(phase, sends, receives);
  return received;
}

}  // namespace moelm
