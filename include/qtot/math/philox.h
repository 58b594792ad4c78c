#pragma once

#include <array>
#include <cstdint>
#include <span>

/// Random numbers as a function of where they are used, and of nothing else: Philox4x32-10 (Salmon
/// et al., 2011) with key = seed of the run and counter = (stream, ticket or update, step, site).
/// No generator object is carried along, so nothing depends on who draws first.
namespace qtot::math {

using PhiloxBlock = std::array<std::uint32_t, 4>;

/// The bijection itself; equal to Random123's philox4x32_10.
PhiloxBlock philox(PhiloxBlock counter, std::uint64_t key);

/// What a number is for. The values are part of every fingerprint: append, never renumber.
enum class Stream : std::uint8_t {
  kInit = 1,         // initial parameters
  kReset = 2,        // reset of an environment
  kStep = 3,         // chance inside a step of an environment
  kExploration = 4,  // epsilon-greedy
  kSampling = 5,     // batches from the replay ring
  kEvaluationReset = 6,
  kEvaluationStep = 7,
  kBootstrap = 8,  // resampled runs of a report
  kSchedule = 9,   // events of a simulated cluster
};

/// Names one draw.
struct DrawKey {
  std::uint64_t seed = 0;
  Stream stream = Stream::kInit;
  std::uint64_t ticket = 0;  // or the update, or the number of a tensor; below 2^56
  std::uint32_t step = 0;
  std::uint8_t site = 0;    // which decision of the step
  std::uint16_t index = 0;  // which agent, element, ...
};

/// Numbers for one key. Draw n comes from block n / 4, word n % 4; a block has the counter
///   { block | index << 8 | site << 24,  step,  ticket mod 2^32,  stream << 24 | ticket >> 32 }.
/// At most 256 blocks (1,024 draws) a key; more aborts.
class Draws {
 public:
  explicit Draws(const DrawKey& key);

  std::uint32_t bits32();
  /// The next two words, first one high.
  std::uint64_t bits64();
  /// Top 53 bits of bits64() times 2^-53: in [0, 1).
  double uniform();
  /// Uniform in [0, n) without bias, by Lemire's (2019) multiplication with rejection. n >= 1.
  std::uint32_t below(std::uint32_t n);

 private:
  DrawKey key_;
  PhiloxBlock block_{};
  std::uint32_t n_drawn_ = 0;
};

/// Fisher-Yates: for i = n - 1 .. 1 swaps x[i] with x[below(i + 1)].
void shuffle(Draws& draws, std::span<int> x);

/// `count` = out.size() distinct numbers of [0, n), ascending, by Floyd's algorithm (Bentley & Floyd,
/// 1987), each set equally likely. Element i = 0 .. count - 1 is drawn below n - count + i + 1 with
/// the first number of the key whose index is key.index + i; if it was drawn before, n - count + i
/// takes its place. count <= n < 2^32 and key.index + count <= 2^16, or it aborts. Allocates nothing.
void sample_without_replacement(const DrawKey& key, std::uint64_t n, std::span<std::uint64_t> out);

}  // namespace qtot::math
