#include "qtot/config/value.h"

#include <gtest/gtest.h>

#include <limits>

namespace qtot::config {
namespace {

std::string text(double x) {
  return Value{x, ""}.text();
}

Value integer(std::int64_t x, const std::string& origin = "") {
  return {x, origin};
}

TEST(ValueTest, DoublesHaveTheShortestDigitsAndLookLikeDoubles) {
  EXPECT_EQ(text(0.99), "0.99");
  EXPECT_EQ(text(1e-5), "1e-05");
  EXPECT_EQ(text(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(text(1), "1.0");
  EXPECT_EQ(text(-0.0), "-0.0");
  EXPECT_EQ(text(1e300), "1e+300");
  EXPECT_EQ(text(std::numeric_limits<double>::denorm_min()), "5e-324");
  EXPECT_EQ(text(std::numeric_limits<double>::infinity()), ".inf");
  EXPECT_EQ(text(-std::numeric_limits<double>::infinity()), "-.inf");
  EXPECT_EQ(text(std::numeric_limits<double>::quiet_NaN()), ".nan");
}

TEST(ValueTest, OtherKindsReadAsInYamlFlowStyle) {
  EXPECT_EQ((Value{true, ""}.text()), "True");
  EXPECT_EQ((Value{false, ""}.text()), "False");
  EXPECT_EQ(integer(-3).text(), "-3");
  EXPECT_EQ((Value{{}, ""}.text()), "None");
  EXPECT_EQ((Value{std::string("a \"b\" \\ \n\t\x01"), ""}.text()),
            "\"a \\\"b\\\" \\\\ \\n\\t\\x01\"");
  EXPECT_EQ((Value{List{integer(6), integer(6)}, ""}.text()), "[6, 6]");
  EXPECT_EQ((Value{List{}, ""}.text()), "[]");
  EXPECT_EQ((Value{Map{{"a", integer(1)}, {"true", Value{List{}, ""}}}, ""}.text()),
            "{a: 1, \"true\": []}");
}

TEST(ValueTest, KindsReadAsInASentence) {
  EXPECT_STREQ((Value{{}, ""}.kind()), "nothing");
  EXPECT_STREQ((Value{true, ""}.kind()), "a boolean");
  EXPECT_STREQ(integer(1).kind(), "an integer");
  EXPECT_STREQ((Value{1.0, ""}.kind()), "a number");
  EXPECT_STREQ((Value{std::string(), ""}.kind()), "text");
  EXPECT_STREQ((Value{List{}, ""}.kind()), "a list");
  EXPECT_STREQ((Value{Map{}, ""}.kind()), "a map");
}

TEST(MergeTest, LaterValuesWinAndNestedMapsAreMergedKeyByKey) {
  Map map = {{"lr", integer(1, "a:1")},
             {"env_args", {Map{{"n", integer(2, "a:3")}, {"m", integer(3, "a:4")}}, "a:2"}}};
  merge(map, {{"env_args", {Map{{"m", integer(4, "b:2")}, {"k", integer(5, "b:3")}}, "b:1"}},
              {"lr", integer(6, "b:4")},
              {"new", integer(7, "b:5")}});
  EXPECT_EQ((Value{map, ""}.text()), "{lr: 6, env_args: {\"n\": 2, m: 4, k: 5}, new: 7}");
  EXPECT_EQ(find(map, "lr")->origin, "b:4");
  const Map& args = std::get<Map>(find(map, "env_args")->data);
  EXPECT_EQ(find(args, "n")->origin, "a:3");
  EXPECT_EQ(find(args, "m")->origin, "b:2");
}

TEST(MergeTest, AValueReplacesAMapAndAMapAValue) {
  Map map = {{"a", {Map{{"b", integer(1)}}, ""}}, {"c", integer(2)}};
  merge(map, {{"a", integer(3)}, {"c", {Map{{"d", integer(4)}}, ""}}});
  EXPECT_EQ((Value{map, ""}.text()), "{a: 3, c: {d: 4}}");
}

TEST(NearestTest, NamesTheNearestKeyUpToAThirdOfTheLetters) {
  const std::vector<std::string> known = {"batch_size", "buffer_size", "lr", "gamma"};
  EXPECT_EQ(nearest("bach_size", known), "batch_size");
  EXPECT_EQ(nearest("buffer_sise", known), "buffer_size");
  EXPECT_EQ(nearest("l", known), "lr");
  EXPECT_EQ(nearest("gama", known), "gamma");
  EXPECT_EQ(nearest("zzzzzz", known), "");
  EXPECT_EQ(nearest(std::string(1 << 20, 'x'), known), "");
}

TEST(NearestTest, TheFirstOfEquallyNearKeysIsNamed) {
  EXPECT_EQ(nearest("ac", {"ab", "ad"}), "ab");
  EXPECT_EQ(nearest("ac", {"ad", "ab"}), "ad");
}

}  // namespace
}  // namespace qtot::config
