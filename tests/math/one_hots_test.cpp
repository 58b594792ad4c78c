#include "qtot/math/one_hots.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <random>
#include <vector>

#include "math/isa.h"
#include "qtot/math/matmul.h"

namespace qtot::math {
namespace {

template <class T>
std::vector<T> random_values(Index n, std::mt19937_64& rng) {
  std::vector<T> values(static_cast<std::size_t>(n));
  for (T& value : values) value = static_cast<T>(static_cast<double>(rng() >> 11) * 0x1p-52 - 1);
  return values;
}

// Rows of `per_row` columns below `n`, a fifth of them left out.
std::vector<std::int32_t> random_columns(Index rows, Index per_row, Index n, std::mt19937_64& rng) {
  std::vector<std::int32_t> columns(static_cast<std::size_t>(rows * per_row));
  for (std::int32_t& column : columns) {
    column = rng() % 5 == 0 ? -1 : static_cast<std::int32_t>(rng() % static_cast<std::uint64_t>(n));
  }
  return columns;
}

struct Shape {
  Index rows, per_row, table_rows, width, gap;
};
constexpr Shape kShapes[] = {{1, 1, 1, 1, 0},   {5, 2, 3, 7, 0},    {9, 2, 40, 64, 0},
                             {33, 1, 4, 65, 3}, {16, 3, 12, 31, 5}, {0, 2, 3, 8, 0},
                             {4, 0, 3, 8, 0},   {7, 2, 9, 15, 1}};

// At every instruction-set level that this machine has.
template <class Run>
void at_every_level(Run run) {
  for (const Isa isa : available_isas()) {
    const ScopedIsa scoped(isa);
    run(name(isa));
  }
}

template <class T>
class OneHotsOf : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(OneHotsOf, Scalars);

TYPED_TEST(OneHotsOf, BothProductsHaveTheBitsOfNaiveAtEveryLevel) {
  using T = TypeParam;
  at_every_level([](const auto& level) {
    std::mt19937_64 rng(3);
    for (const Shape& s : kShapes) {
      const Index stride = s.width + s.gap;
      const auto columns = random_columns(s.rows, s.per_row, s.table_rows, rng);
      const OneHots ones = {.columns = columns.data(), .rows = s.rows, .per_row = s.per_row};
      const auto table = random_values<T>(s.table_rows * stride, rng);
      const auto values = random_values<T>(s.rows * stride, rng);
      auto expected = values;
      auto found = values;
      const auto table_view = view(table.data(), s.table_rows, s.width, stride);
      add_one_hots_naive<T>(ones, table_view, view(expected.data(), s.rows, s.width, stride));
      add_one_hots<T>(ones, table_view, view(found.data(), s.rows, s.width, stride));
      EXPECT_EQ(found, expected) << level << ", width " << s.width;

      expected = table;
      found = table;
      const auto d = view(values.data(), s.rows, s.width, stride);
      add_one_hots_tn_naive<T>(ones, d, view(expected.data(), s.table_rows, s.width, stride));
      add_one_hots_tn<T>(ones, d, view(found.data(), s.table_rows, s.width, stride));
      EXPECT_EQ(found, expected) << level << ", width " << s.width;
    }
  });
}

// What the definition says: the product with the matrix that has the ones written out.
TYPED_TEST(OneHotsOf, BothAreTheProductsWithTheMatrixOfZerosAndOnes) {
  using T = TypeParam;
  constexpr Index kRows = 23;
  constexpr Index kTable = 11;
  constexpr Index kWidth = 19;
  std::mt19937_64 rng(4);
  // ascending columns in a row, as the product takes them: actions, then agents
  std::vector<std::int32_t> columns;
  std::vector<T> dense(kRows * kTable, T(0));
  for (Index i = 0; i < kRows; ++i) {
    columns.push_back(i % 6 == 0 ? -1 : static_cast<std::int32_t>(rng() % 5));
    columns.push_back(5 + static_cast<std::int32_t>(rng() % 6));
    for (std::size_t k = columns.size() - 2; k < columns.size(); ++k) {
      if (columns[k] >= 0) dense[static_cast<std::size_t>(i * kTable + columns[k])] = T(1);
    }
  }
  const OneHots ones = {.columns = columns.data(), .rows = kRows, .per_row = 2};
  const auto table = random_values<T>(kTable * kWidth, rng);
  const auto values = random_values<T>(kRows * kWidth, rng);
  const auto dense_view = view(std::as_const(dense).data(), kRows, kTable);

  auto expected = values;
  auto found = values;
  matmul_naive<T>(dense_view, view(table.data(), kTable, kWidth),
                  view(expected.data(), kRows, kWidth), kAccumulate);
  add_one_hots<T>(ones, view(table.data(), kTable, kWidth), view(found.data(), kRows, kWidth));
  EXPECT_EQ(found, expected);

  expected = table;
  found = table;
  matmul_tn_naive<T>(dense_view, view(values.data(), kRows, kWidth),
                     view(expected.data(), kTable, kWidth), kAccumulate);
  add_one_hots_tn<T>(ones, view(values.data(), kRows, kWidth), view(found.data(), kTable, kWidth));
  EXPECT_EQ(found, expected);
}

TEST(OneHotsDeathTest, AColumnOutsideOfTheTableAborts) {
  const std::vector<std::int32_t> columns = {0, 3};
  const OneHots ones = {.columns = columns.data(), .rows = 2, .per_row = 1};
  const std::vector<float> table(3 * 4);
  std::vector<float> out(2 * 4);
  EXPECT_DEATH(add_one_hots<float>(ones, view(table.data(), 3, 4), view(out.data(), 2, 4)), "");
}

}  // namespace
}  // namespace qtot::math
