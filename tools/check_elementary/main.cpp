// Checks that a float function of qtot/math/elementary.h is correctly rounded:
//
//   qtot_check_elementary exp|expm1|tanh|sigmoid [--stride N]
//
// All 2^32 inputs, or every N-th bit pattern, go through the array version, at the instruction-set level
// that QTOT_ISA names (check avx512 and avx2: they have their own), and are compared with the
// float nearest to the exact value. Where the double version of the function is further than 4096 of
// its units from the middle between two floats it tells which float that is (its error is below one
// unit, elementary_test.cpp); MPFR decides the rest, about one input in 30,000. Inputs that are NaN
// must give NaN. Misrounded inputs are printed (the first ten), progress goes to stderr, and the last
// line is `N inputs, M misrounded`. Exit code 0 when M = 0, 1 otherwise, 2 for bad usage.
// One function takes about a minute.

#include <array>
#include <bit>
#include <charconv>
#include <cinttypes>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

#include "math/mpfr_reference.h"
#include "qtot/math/elementary.h"

namespace {

struct Candidate {
  std::string_view name;
  void (*ours)(std::span<const float> x, std::span<float> y);
  void (*filter)(std::span<const double> x, std::span<double> y);
};

constexpr std::array<Candidate, 4> kCandidates = {{
    {"exp", qtot::math::exp<float>, qtot::math::exp<double>},
    {"expm1", qtot::math::expm1<float>, qtot::math::expm1<double>},
    {"tanh", qtot::math::tanh<float>, qtot::math::tanh<double>},
    {"sigmoid", qtot::math::sigmoid<float>, qtot::math::sigmoid<double>},
}};

bool same_bits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

class Checker {
 public:
  explicit Checker(const Candidate& candidate)
      : candidate_(candidate), exact_(qtot::test::MpfrReference::function(candidate.name)) {}

  void check(std::span<const float> x) {
    n_inputs_ += x.size();
    y_.resize(x.size());
    wide_x_.assign(x.begin(), x.end());
    wide_y_.resize(x.size());
    candidate_.ours(x, y_);
    candidate_.filter(wide_x_, wide_y_);
    constexpr double kMargin = 0x1p-40;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const auto low = static_cast<float>(wide_y_[i] * (1 - kMargin));
      const auto high = static_cast<float>(wide_y_[i] * (1 + kMargin));
      if (!same_bits(low, y_[i]) || !same_bits(high, y_[i])) check_exactly(x[i], y_[i]);
    }
  }

  std::uint64_t n_inputs() const { return n_inputs_; }
  std::uint64_t n_misrounded() const { return n_misrounded_; }

 private:
  void check_exactly(float x, float y) {
    constexpr std::uint64_t kPrinted = 10;
    if (std::isnan(x) && std::isnan(y)) return;
    const float nearest = mpfr_.nearest_float(exact_, x);
    if (same_bits(y, nearest) || ++n_misrounded_ > kPrinted) return;
    std::printf("%s(%a) = %a, nearest is %a\n", candidate_.name.data(), x, y, nearest);
  }

  const Candidate& candidate_;
  qtot::test::MpfrReference::Function exact_;
  qtot::test::MpfrReference mpfr_;
  std::vector<float> y_;
  std::vector<double> wide_x_, wide_y_;
  std::uint64_t n_inputs_ = 0;
  std::uint64_t n_misrounded_ = 0;
};

int run(const Candidate& candidate, std::uint64_t stride) {
  constexpr std::uint64_t kPatterns = std::uint64_t{1} << 32;
  constexpr std::size_t kBlock = 4096;
  Checker checker(candidate);
  std::vector<float> x;
  std::uint64_t percent = 0;
  for (std::uint64_t bits = 0; bits < kPatterns;) {
    x.clear();
    for (; x.size() < kBlock && bits < kPatterns; bits += stride) {
      x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
    }
    checker.check(x);
    if (100 * bits / kPatterns > percent) {
      percent = 100 * bits / kPatterns;
      std::fprintf(stderr, "\r%s %" PRIu64 " %%", candidate.name.data(), percent);
    }
  }
  std::fprintf(stderr, "\n");
  std::printf("%" PRIu64 " inputs, %" PRIu64 " misrounded\n", checker.n_inputs(),
              checker.n_misrounded());
  return checker.n_misrounded() == 0 ? 0 : 1;
}

bool parse_stride(const char* text, std::uint64_t& stride) {
  const char* end = text + std::strlen(text);
  const auto result = std::from_chars(text, end, stride);
  return result.ec == std::errc() && result.ptr == end && stride >= 1 && stride <= UINT32_MAX;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t stride = 1;
  const bool has_stride = argc == 4 && std::string_view(argv[2]) == "--stride";
  if (argc == 2 || (has_stride && parse_stride(argv[3], stride))) {
    for (const Candidate& candidate : kCandidates) {
      if (candidate.name == argv[1]) return run(candidate, stride);
    }
  }
  std::fprintf(stderr,
               "usage: qtot_check_elementary exp|expm1|tanh|sigmoid [--stride 1..4294967295]\n");
  return 2;
}
