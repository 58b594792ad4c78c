// Checks that a float function of qtot/math/elementary.h is correctly rounded:
//
//   qtot_check_elementary exp|expm1|tanh|sigmoid [--stride N]
//
// All 2^32 inputs, or every N-th bit pattern, go through the array version and are compared with the
// float nearest to the exact value. The C library's long double function decides where its value
// is further than its error from the middle between two floats; MPFR decides the rest. Inputs that are
// NaN must give NaN. Misrounded inputs are printed (the first ten), progress goes to stderr, and the
// last line is `N inputs, M misrounded`. Exit code 0 when M = 0, 1 otherwise, 2 for bad usage.
// One function takes 3 to 10 minutes.

#include <algorithm>
#include <array>
#include <bit>
#include <cfloat>
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

static_assert(LDBL_MANT_DIG >= 64, "the filter needs a long double of 64 bits");

struct Candidate {
  std::string_view name;
  void (*ours)(std::span<const float> x, std::span<float> y);
  long double (*filter)(long double x);
};

long double sigmoid_filter(long double x) {
  const long double e = std::exp(-std::fabs(x));
  return (x < 0 ? e : 1) / (1 + e);
}

constexpr std::array<Candidate, 4> kCandidates = {{
    {"exp", qtot::math::exp<float>, [](long double x) { return std::exp(x); }},
    {"expm1", qtot::math::expm1<float>, [](long double x) { return std::expm1(x); }},
    {"tanh", qtot::math::tanh<float>, [](long double x) { return std::tanh(x); }},
    {"sigmoid", qtot::math::sigmoid<float>, sigmoid_filter},
}};

class Checker {
 public:
  explicit Checker(const Candidate& candidate)
      : candidate_(candidate), exact_(qtot::test::MpfrReference::function(candidate.name)) {}

  void check(float x, float y) {
    ++n_inputs_;
    const bool right = std::isnan(x) ? std::isnan(y) : same_bits(y, nearest(x));
    if (!right && ++n_misrounded_ <= kPrinted) {
      std::printf("%s(%a) = %a, nearest is %a\n", candidate_.name.data(), x, y, nearest(x));
    }
  }

  std::uint64_t n_inputs() const { return n_inputs_; }
  std::uint64_t n_misrounded() const { return n_misrounded_; }

 private:
  static constexpr std::uint64_t kPrinted = 10;

  static bool same_bits(float a, float b) {
    return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
  }

  float nearest(float x) {
    // 64 times the errors that glibc states for its long double functions.
    constexpr long double kMargin = 0x1p-56L;
    // Beyond it every float result is inf, 0, 1 or -1, and some C libraries are slow.
    constexpr float kSaturated = 200;
    const long double value = candidate_.filter(std::clamp(x, -kSaturated, kSaturated));
    const auto low = static_cast<float>(value * (1 - kMargin));
    const auto high = static_cast<float>(value * (1 + kMargin));
    return same_bits(low, high) ? low : mpfr_.nearest_float(exact_, x);
  }

  const Candidate& candidate_;
  qtot::test::MpfrReference::Function exact_;
  qtot::test::MpfrReference mpfr_;
  std::uint64_t n_inputs_ = 0;
  std::uint64_t n_misrounded_ = 0;
};

int run(const Candidate& candidate, std::uint64_t stride) {
  constexpr std::uint64_t kPatterns = std::uint64_t{1} << 32;
  constexpr std::size_t kBlock = 1 << 16;
  Checker checker(candidate);
  std::vector<float> x, y(kBlock);
  int percent = 0;
  for (std::uint64_t bits = 0; bits < kPatterns;) {
    x.clear();
    for (; x.size() < kBlock && bits < kPatterns; bits += stride) {
      x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
    }
    const auto values = std::span<float>(y).first(x.size());
    candidate.ours(x, values);
    for (std::size_t i = 0; i < x.size(); ++i) checker.check(x[i], values[i]);

    const auto done = static_cast<int>(100 * bits / kPatterns);
    if (done > percent) {
      percent = done;
      std::fprintf(stderr, "\r%s %d %%", candidate.name.data(), percent);
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
