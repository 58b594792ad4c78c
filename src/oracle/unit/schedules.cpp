// PyMARL's epsilon schedules, and the segment trees of PyMARL2's prioritised replay. In double, whatever
// the dtype: so are the peers'.

#include <algorithm>
#include <cmath>

#include "oracle/unit/unit.h"
#include "qtot/agents/epsilon_greedy.h"
#include "qtot/base/error.h"
#include "qtot/math/elementary.h"
#include "qtot/math/segment_tree.h"

namespace qtot::oracle::unit {
namespace {

using math::SegmentTree;

constexpr double kPeersSlack = 1e-5;  // PyMARL2 asserts 0 <= mass <= sum + 1e-5

[[noreturn]] void refuse(const std::string& place, const std::string& fault) {
  throw Error(place + ": " + fault);
}

struct Schedule {
  double start = 0;
  double finish = 0;
  std::int64_t time_length = 0;
};

Schedule schedule_of(Unit& unit) {
  const nlohmann::json meta = unit.meta();
  const std::string place = unit.source() + ": meta: ";
  Schedule schedule;
  schedule.start = number_of(unit, meta, "start");
  schedule.finish = number_of(unit, meta, "finish");
  const double length = number_of(unit, meta, "time_length");
  if (!(length >= 1 && length <= 0x1p53) || std::floor(length) != length) {
    refuse(place + "time_length",
           "expected an integer of at least 1, found " + meta["time_length"].dump());
  }
  if (!(schedule.finish > 0)) {
    refuse(place + "finish", "expected more than 0, found " + meta["finish"].dump());
  }
  schedule.time_length = static_cast<std::int64_t>(length);
  return schedule;
}

// x > 0. With x = m 2^k and m in [sqrt(1/2), sqrt(2)), m - 1 is exact.
double logarithm(double x) {
  constexpr double kLn2 = 0.693147180559945309417;
  constexpr double kRootOfHalf = 0.70710678118654752440;
  int exponent = 0;
  double m = std::frexp(x, &exponent);  // [0.5, 1)
  if (m < kRootOfHalf) {
    m = 2 * m;
    --exponent;
  }
  return exponent * kLn2 + math::log1p(m - 1);
}

// PyMARL's "exp": min(start, max(finish, e^(-t / s))) with s such that it is `finish` at time_length.
double exponential_epsilon(const Schedule& schedule, std::int64_t t) {
  const double scale = -static_cast<double>(schedule.time_length) / logarithm(schedule.finish);
  const double decayed = math::exp(-static_cast<double>(t) / scale);
  return std::min(schedule.start, std::max(schedule.finish, decayed));
}

void check_epsilon(Unit& unit) {
  const Schedule schedule = schedule_of(unit);
  const arrays::Array& times = unit.input_of_rank("in/t", 1);
  std::vector<double> linear;
  std::vector<double> exponential;
  for (const std::int64_t t : times.as_ints()) {
    linear.push_back(
        agents::linear_epsilon(schedule.start, schedule.finish, schedule.time_length, t));
    exponential.push_back(exponential_epsilon(schedule, t));
  }
  unit.compare("", "linear", Kind::kValue, times.shape(), linear);
  unit.compare("", "exp", Kind::kValue, times.shape(), exponential);
}

std::vector<double> finite_doubles(const arrays::Array& array) {
  std::vector<double> values = array.as_doubles();
  const auto at = std::ranges::find_if(values, [](double x) { return !std::isfinite(x); });
  if (at != values.end()) {
    refuse(array.place(), "element " + std::to_string(at - values.begin()) + " is not finite");
  }
  return values;
}

void check_tree(Unit& unit) {
  const arrays::Array& leaves = unit.input_of_rank("in/tree_values", 1);
  const std::vector<double> values = finite_doubles(leaves);
  const std::size_t n = values.size();
  SegmentTree sums(SegmentTree::Operation::kSum, n);
  SegmentTree minima(SegmentTree::Operation::kMin, n);
  for (std::size_t i = 0; i < n; ++i) {
    sums.set(i, values[i]);
    minima.set(i, values[i]);
  }
  const double sum = sums.total();
  const double minimum = minima.total();
  const double drawn_from = sums.reduce(0, n - 1);  // the peer's sampler: `end` is exclusive

  const arrays::Array& mass = unit.input_of_rank("in/mass", 1);
  std::vector<double> indices;
  for (const double x : finite_doubles(mass)) {
    if (!(x >= 0 && x <= sum + kPeersSlack)) {
      refuse(mass.place(), "element " + std::to_string(indices.size()) + " is " +
                               std::to_string(x) + ", expected 0 to the sum of in/tree_values, " +
                               std::to_string(sum));
    }
    indices.push_back(static_cast<double>(sums.find_prefix(x)));
  }
  unit.compare("", "tree_sum", Kind::kValue, {}, {&sum, 1});
  unit.compare("", "tree_min", Kind::kValue, {}, {&minimum, 1});
  unit.compare_exactly("idx", indices);
  unit.compare("", "sum_0_n-1", Kind::kValue, {}, {&drawn_from, 1});
}

}  // namespace

void check_schedules(Unit& unit) {
  check_epsilon(unit);
  check_tree(unit);
}

}  // namespace qtot::oracle::unit
