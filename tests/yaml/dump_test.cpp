#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

#include "qtot/yaml/yaml.h"

namespace qtot::yaml {
namespace {

using config::List;
using config::Map;
using config::Value;

// Equal in kind and bits; origins may differ.
bool same(const Value& a, const Value& b);
bool same(const Map& a, const Map& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].first != b[i].first || !same(a[i].second, b[i].second)) return false;
  }
  return true;
}
bool same(const Value& a, const Value& b) {
  if (a.data.index() != b.data.index()) return false;
  if (const auto* x = std::get_if<double>(&a.data)) {
    const double y = std::get<double>(b.data);
    return std::isnan(*x) ? std::isnan(y)
                          : std::bit_cast<std::uint64_t>(*x) == std::bit_cast<std::uint64_t>(y);
  }
  if (const auto* x = std::get_if<List>(&a.data)) {
    const auto& y = std::get<List>(b.data);
    if (x->size() != y.size()) return false;
    for (std::size_t i = 0; i < x->size(); ++i) {
      if (!same((*x)[i], y[i])) return false;
    }
    return true;
  }
  if (const auto* x = std::get_if<Map>(&a.data)) return same(*x, std::get<Map>(b.data));
  return a.text() == b.text();
}

void expect_round_trip(const Map& map) {
  const std::string yaml = dump(map);
  EXPECT_TRUE(same(load_text(yaml, "dump"), map)) << yaml;
}

TEST(DumpTest, WritesBlocksOfMapsAndFlowStyleWithin) {
  const Map map = {
      {"lr", {0.001, ""}},
      {"env_args", {Map{{"map_name", {std::string("3m"), ""}}, {"empty", {Map{}, ""}}}, ""}},
      {"shape", {List{Value{std::int64_t{6}, ""}, Value{std::int64_t{6}, ""}}, ""}}};
  EXPECT_EQ(dump(map),
            "lr: 0.001\n"
            "env_args:\n"
            "  map_name: \"3m\"\n"
            "  empty: {}\n"
            "shape: [6, 6]\n");
  EXPECT_EQ(dump({}), "{}\n");
}

TEST(DumpTest, HardTextsReadBack) {
  for (const char* text : {"",
                           " ",
                           "True",
                           "1",
                           "1e5",
                           "None",
                           "a: b",
                           "# no comment",
                           "- x",
                           "[",
                           "{",
                           "*a",
                           "&a",
                           "\"",
                           "'",
                           "\\",
                           "\n",
                           "a\n\nb\n",
                           "\t",
                           "\x01\x7f",
                           "%d",
                           "@",
                           "`",
                           "\xc3\xa4",
                           "\xe2\x80\xa8",
                           "\xc2\x85",
                           "\xf0\x9f\x8e\xb2",
                           "\xef\xbb\xbf",
                           "<<",
                           "|",
                           ">",
                           "a\rb"}) {
    expect_round_trip({{"k", {std::string(text), ""}}});
    expect_round_trip({{text, {std::int64_t{1}, ""}}});
    expect_round_trip({{"l", {List{Value{std::string(text), ""}}, ""}}});
  }
}

TEST(DumpTest, DoublesReadBackToTheBit) {
  std::mt19937_64 bits(1);
  for (int i = 0; i < 20000; ++i) {
    const double x = std::bit_cast<double>(bits());
    if (std::isnan(x)) continue;
    expect_round_trip({{"x", {x, ""}}});
  }
  for (const double x :
       {0.0, -0.0, 1.0, 1e15, 1e16, 1e22, std::numeric_limits<double>::infinity(),
        std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::denorm_min()}) {
    expect_round_trip({{"x", {x, ""}}});
  }
  for (const std::int64_t x : {std::numeric_limits<std::int64_t>::min(),
                               std::numeric_limits<std::int64_t>::max(), std::int64_t{0}}) {
    expect_round_trip({{"x", {x, ""}}});
  }
}

Value random_value(std::mt19937_64& random, int depth) {
  switch (random() % (depth > 0 ? 7 : 5)) {
    case 0:
      return {{}, ""};
    case 1:
      return {random() % 2 == 0, ""};
    case 2:
      return {static_cast<std::int64_t>(random() >> (random() % 64)), ""};
    case 3:
      return {static_cast<double>(random()) * 1e-19, ""};
    case 4: {
      std::string text;
      for (std::size_t n = random() % 8; n > 0; --n) {
        text += static_cast<char>(1 + random() % 127);
      }
      return {text, ""};
    }
    case 5: {
      List list;
      for (std::size_t n = random() % 4; n > 0; --n) {
        list.push_back(random_value(random, depth - 1));
      }
      return {list, ""};
    }
    default: {
      Map map;
      for (std::size_t n = random() % 4; n > 0; --n) {
        map.emplace_back("k" + std::to_string(n), random_value(random, depth - 1));
      }
      return {map, ""};
    }
  }
}

TEST(DumpTest, RandomMapsReadBack) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 2000; ++i) {
    Map map;
    for (std::size_t n = random() % 6; n > 0; --n) {
      map.emplace_back("key" + std::to_string(n), random_value(random, 4));
    }
    expect_round_trip(map);
    if (HasFailure()) break;
  }
}

}  // namespace
}  // namespace qtot::yaml
