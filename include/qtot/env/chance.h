#pragma once

#include <cstdint>
#include <span>

#include "qtot/math/philox.h"

namespace qtot::env {

/// All chance in an environment comes through this. `site` says which decision of the rules is meant
/// (an enum of the environment), `index` whose (agent, prey, ...; draws in a loop count upwards), so
/// that an outcome depends on nothing but (seed, ticket, step, site, index), and a test can script it.
class Chance {
 public:
  virtual ~Chance() = default;

  /// Uniform in [0, n), n >= 1.
  virtual std::uint32_t choose(int site, int index, std::uint32_t n) = 0;
  /// True with probability p.
  virtual bool happens(int site, int index, double p) = 0;
  /// Uniform in [0, 1).
  virtual double uniform(int site, int index) = 0;
  /// Puts `items` into a uniformly drawn order.
  virtual void shuffle(int site, std::span<int> items) = 0;
};

/// The counter-based source of training and evaluation: the draws of (seed, stream, ticket, step).
class PhiloxChance final : public Chance {
 public:
  /// `stream` is kReset/kStep or kEvaluationReset/kEvaluationStep; `step` 0 for a reset.
  PhiloxChance(std::uint64_t seed, math::Stream stream, std::uint64_t ticket, std::uint32_t step)
      : key_{.seed = seed, .stream = stream, .ticket = ticket, .step = step} {}

  std::uint32_t choose(int site, int index, std::uint32_t n) override;
  bool happens(int site, int index, double p) override;  // uniform(site, index) < p
  double uniform(int site, int index) override;
  void shuffle(int site, std::span<int> items) override;

 private:
  math::Draws draws(int site, int index) const;

  math::DrawKey key_;
};

}  // namespace qtot::env
