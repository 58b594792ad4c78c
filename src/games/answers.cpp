#include "qtot/games/answers.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "qtot/base/check.h"

namespace qtot::games {
namespace {

struct Means {
  std::vector<double> of_row;
  std::vector<double> of_column;
  double of_all = 0;
};

Means means(const Table& payoff) {
  const std::size_t n = payoff.size();
  Means m{.of_row = std::vector<double>(n), .of_column = std::vector<double>(n)};
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      m.of_row[i] += payoff[i][j] / static_cast<double>(n);
      m.of_column[j] += payoff[i][j] / static_cast<double>(n);
      m.of_all += payoff[i][j] / static_cast<double>(n * n);
    }
  }
  return m;
}

Table filled(std::size_t n, const std::function<double(std::size_t, std::size_t)>& entry) {
  Table table(n, std::vector<double>(n));
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) table[i][j] = entry(i, j);
  }
  return table;
}

// All entries but the first of the largest.
std::vector<double> rest_of(const Table& payoff, double* best) {
  std::vector<double> entries;
  for (const std::vector<double>& row : payoff)
    entries.insert(entries.end(), row.begin(), row.end());
  const auto largest = std::ranges::max_element(entries);
  *best = *largest;
  entries.erase(largest);
  return entries;
}

// x with sum over entries below x of alpha (x - entry) = sum over entries above of (entry - x); alpha = 1
// is the mean. The left side rises and the right one falls, so halving finds it.
double expectile(const std::vector<double>& entries, double alpha) {
  double low = *std::ranges::min_element(entries);
  double high = *std::ranges::max_element(entries);
  constexpr int kHalvings = 100;
  for (int i = 0; i < kHalvings; ++i) {
    const double x = (low + high) / 2;
    double excess = 0;
    for (const double entry : entries) excess += (x > entry ? alpha : 1.0) * (x - entry);
    (excess > 0 ? high : low) = x;
  }
  return (low + high) / 2;
}

Table best_and_rest(const Table& payoff, double alpha) {
  double best = 0;
  const double rest = expectile(rest_of(payoff, &best), alpha);
  bool is_placed = false;
  return filled(payoff.size(), [&](std::size_t i, std::size_t j) {
    if (is_placed || payoff[i][j] != best) return rest;
    is_placed = true;
    return best;
  });
}

// Gradient descent ends in a local optimum, not in the best monotonic fit.
std::vector<Table> monotonic(const Table& payoff) {
  const Table a = {{8, -12, -12}, {-12, 0, 0}, {-12, 0, 0}};
  const Table b = {{8, -12, -12}, {-12, 6, 0}, {-12, 0, 6}};
  const Table c = {{12, -0.1, -0.1}, {-0.1, 0, 0}, {-0.1, 0, 0}};
  const auto is = [&](const Table& known) {
    constexpr double kRounding = 1e-6;  // rewards are floats
    return payoff.size() == known.size() &&
           distance({payoff}, std::vector<Table>{known}) < kRounding;
  };
  if (is(a)) return {{{-8, -8, -8}, {-8, 0, 0}, {-8, 0, 0}}};
  if (is(b)) {  // a plateau at 3, then either of two optima
    return {{{-8, -8, -8}, {-8, 3, 3}, {-8, 3, 3}},
            {{-8, -8, -8}, {-8, 2, 2}, {-8, 2, 6}},
            {{-8, -8, -8}, {-8, 6, 2}, {-8, 2, 2}}};
  }
  if (is(c)) return {best_and_rest(c, 1)};
  return {};
}

}  // namespace

Alternatives answers_of_payoff(Answers answers, const Table& payoff, double alpha) {
  const std::size_t n = payoff.size();
  const Means m = means(payoff);
  switch (answers) {
    case Answers::kIndependent:
      return {{filled(n, [&](auto i, auto j) { return m.of_row[i] + m.of_column[j]; })}};
    case Answers::kAdditive:
      return {{filled(n, [&](auto i, auto j) { return m.of_row[i] + m.of_column[j] - m.of_all; })}};
    case Answers::kMonotonic: {
      Alternatives alternatives;
      for (const Table& table : monotonic(payoff)) alternatives.push_back({table});
      return alternatives;
    }
    case Answers::kCentral:
      return {{best_and_rest(payoff, 1)}};
    case Answers::kOptimistic:
      return {{best_and_rest(payoff, alpha)}};
    case Answers::kComplete:
      return {{payoff}};
  }
  return {};
}

Alternatives answers_of_two_step(Answers answers) {
  const Table game_a = {{7, 7}, {7, 7}};
  switch (answers) {
    case Answers::kIndependent:
      return {{{{12.6225, 12.6225}, {10.1475, 10.1475}}, {{14, 14}, {14, 14}}, {{1, 5}, {5, 9}}}};
    case Answers::kAdditive:
      return {{{{6.93, 6.93}, {6.435, 6.435}}, game_a, {{-1.5, 2.5}, {2.5, 6.5}}}};
    default:  // the game is monotonic: all others can represent it
      return {{{{6.93, 6.93}, {7.92, 7.92}}, game_a, {{0, 1}, {1, 8}}}};
  }
}

double distance(const std::vector<Table>& a, const std::vector<Table>& b) {
  QTOT_CHECK_EQ(a.size(), b.size());
  double largest = 0;
  for (std::size_t t = 0; t < a.size(); ++t) {
    QTOT_CHECK_EQ(a[t].size(), b[t].size());
    for (std::size_t i = 0; i < a[t].size(); ++i) {
      for (std::size_t j = 0; j < a[t].size(); ++j) {
        largest = std::max(largest, std::fabs(a[t][i][j] - b[t][i][j]));
      }
    }
  }
  return largest;
}

double distance(const std::vector<Table>& learned, const Alternatives& alternatives,
                std::size_t* nearest) {
  QTOT_CHECK(!alternatives.empty());
  std::size_t best = 0;
  for (std::size_t i = 1; i < alternatives.size(); ++i) {
    if (distance(learned, alternatives[i]) < distance(learned, alternatives[best])) best = i;
  }
  if (nearest != nullptr) *nearest = best;
  return distance(learned, alternatives[best]);
}

}  // namespace qtot::games
