#include "io/checksum.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/check.hpp"
#include "io/file.hpp"

namespace moelm {

namespace {
constexpr Index kPiece = Index{1} << 20;
}  // namespace

struct Sha256::State {
  State() : context(EVP_MD_CTX_new()) { start(); }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  void start() {
    ensure(context != nullptr && EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1, "SHA-256 is available");
  }

  std::string finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    ensure(EVP_DigestFinal_ex(context, digest.data(), &size) == 1 && size == 32, "SHA-256 finishes");
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string hex;
    for (unsigned int i = 0; i < size; ++i) {
      hex += kDigits[digest[i] >> 4];
      hex += kDigits[digest[i] & 15];
    }
    return hex;
  }

  EVP_MD_CTX* context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::add(const void* bytes, std::size_t count) {
  if (count > 0) ensure(EVP_DigestUpdate(state_->context, bytes, count) == 1, "SHA-256 takes bytes");
}

std::string Sha256::finish() {
  std::string hex = state_->finish();
  state_->start();
  return hex;
}

std::string Sha256::so_far() const {
  State copy;
  ensure(EVP_MD_CTX_copy_ex(copy.context, state_->context) == 1, "SHA-256 can be copied");
  return copy.finish();
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 sum;
  sum.add(bytes);
  return sum.finish();
}

std::string sha256_of_file(const std::string& path, FileSystem& fs) {
  const File file = File::open_read(path, Links::refuse, fs);
  return sha256_of_file(file, file.size());
}

std::string sha256_of_file(const File& file, Index bytes) {
  Sha256 sum;
  std::vector<char> piece(static_cast<std::size_t>(std::min(bytes, kPiece)));
  for (Index done = 0; done < bytes; done += kPiece) {
    const auto count = static_cast<std::size_t>(std::min(bytes - done, kPiece));
    file.read_at(done, piece.data(), count);
    sum.add(piece.data(), count);
  }
  return sum.finish();
}

bool is_sha256_hex(std::string_view text) {
  return text.size() == 64 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace moelm
