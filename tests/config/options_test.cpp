#include "qtot/config/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "support/error_text.h"

namespace qtot::config {
namespace {

using test::error_text;

struct Sample {
  bool flag = false;
  int count = 3;
  std::int64_t steps = 10;
  std::uint64_t seed = 1;
  double rate = 0.5;
  std::string name = "one";
  std::vector<int> shape = {6, 6};
  std::vector<std::vector<double>> payoff = {{1, 2}, {3, 4}};
  Map args;

  void options(Options& o) {
    o.add("flag", flag, "help of flag");
    o.add("count", count, "help of count", between(1, 10));
    o.add("steps", steps, "", at_least(std::int64_t{1}));
    o.add("seed", seed, "");
    o.add("rate", rate, "", between(0.0, 1.0));
    o.training(false);
    o.add("name", name, "", one_of({"one", "two"}));
    o.training(true);
    o.add("shape", shape, "");
    o.add("payoff", payoff, "");
    o.add("args", args, "");
  }
};

// What reading `value` (from line 7 of a file) for `key` throws.
std::string refusal(const std::string& key, decltype(Value::data) value) {
  return error_text([&] {
    Sample sample;
    Options o({{key, {value, "f.yaml:7"}}});
    sample.options(o);
    o.refuse_unknown("");
  });
}

TEST(OptionsTest, ReadsEveryType) {
  const List row = {Value{0.5, ""}, Value{std::int64_t{1}, ""}};
  Options o({{"flag", {true, "c"}},
             {"count", {std::int64_t{4}, "c"}},
             {"steps", {std::int64_t{1} << 40, "c"}},
             {"seed", {std::int64_t{9}, "c"}},
             {"rate", {std::int64_t{1}, "c"}},
             {"name", {std::string("two"), "c"}},
             {"shape", {List{Value{std::int64_t{5}, ""}}, "c"}},
             {"payoff", {List{Value{row, ""}}, "c"}},
             {"args", {Map{{"x", {true, "d"}}}, "c"}}});
  Sample sample;
  sample.options(o);
  EXPECT_TRUE(sample.flag);
  EXPECT_EQ(sample.count, 4);
  EXPECT_EQ(sample.steps, std::int64_t{1} << 40);
  EXPECT_EQ(sample.seed, 9u);
  EXPECT_EQ(sample.rate, 1.0);  // an integer is a number, too
  EXPECT_EQ(sample.name, "two");
  EXPECT_EQ(sample.shape, std::vector<int>{5});
  EXPECT_EQ(sample.payoff, (std::vector<std::vector<double>>{{0.5, 1}}));
  EXPECT_EQ(find(sample.args, "x")->origin, "d");
  EXPECT_EQ((Value{o.values(), ""}.text()),
            "{flag: True, count: 4, steps: 1099511627776, seed: 9, rate: 1.0, name: \"two\", "
            "shape: [5], payoff: [[0.5, 1.0]], args: {x: True}}");
}

TEST(OptionsTest, AnAbsentKeyKeepsTheFieldAndAListingReadsNothing) {
  Sample sample;
  sample.count = 8;
  Options o;
  sample.options(o);
  EXPECT_EQ(sample.count, 8);
  EXPECT_EQ(o.infos()[1].default_value, "8");
}

TEST(OptionsTest, InfosSayTypeDefaultValueOriginRuleAndWhetherTheKeyTrains) {
  Sample sample;
  Options o({{"count", {std::int64_t{4}, "f.yaml:7"}}}, "part.");
  sample.options(o);
  ASSERT_EQ(o.infos().size(), 9u);
  const OptionInfo& count = o.infos()[1];
  EXPECT_EQ(count.key, "part.count");
  EXPECT_EQ(count.type, "integer");
  EXPECT_EQ(count.default_value, "3");
  EXPECT_EQ(count.value, "4");
  EXPECT_EQ(count.origin, "f.yaml:7");
  EXPECT_EQ(count.rule, "in [1, 10]");
  EXPECT_EQ(count.help, "help of count");
  EXPECT_TRUE(count.training);
  const OptionInfo& name = o.infos()[5];
  EXPECT_EQ(name.origin, "default");
  EXPECT_FALSE(name.training);
  std::vector<std::string> types;
  for (const OptionInfo& info : o.infos()) types.push_back(info.type);
  EXPECT_THAT(types,
              testing::ElementsAre("boolean", "integer", "integer", "integer", "number", "text",
                                   "list of integers", "list of lists of numbers", "map"));
}

TEST(OptionsTest, ABrokenRuleNamesKeyValueOriginAndRule) {
  EXPECT_EQ(refusal("rate", 1.2), "rate = 1.2 (f.yaml:7): must be in [0, 1]");
  EXPECT_EQ(refusal("count", std::int64_t{0}), "count = 0 (f.yaml:7): must be in [1, 10]");
  EXPECT_EQ(refusal("steps", std::int64_t{0}), "steps = 0 (f.yaml:7): must be at least 1");
  EXPECT_EQ(refusal("name", std::string("three")),
            "name = \"three\" (f.yaml:7): must be one of one, two");
}

TEST(OptionsTest, AWrongTypeSaysWhatWasExpectedAndFound) {
  EXPECT_EQ(refusal("rate", std::string("fast")),
            "rate = \"fast\" (f.yaml:7): expected a number, found text");
  EXPECT_EQ(refusal("count", 1.5), "count = 1.5 (f.yaml:7): expected an integer, found a number");
  EXPECT_EQ(refusal("flag", std::int64_t{1}),
            "flag = 1 (f.yaml:7): expected a boolean, found an integer");
  EXPECT_EQ(refusal("name", {}), "name = None (f.yaml:7): expected text, found nothing");
  EXPECT_EQ(refusal("shape", std::int64_t{6}),
            "shape = 6 (f.yaml:7): expected a list of integers, found an integer");
  EXPECT_EQ(refusal("args", List{}), "args = [] (f.yaml:7): expected a map, found a list");
}

TEST(OptionsTest, AListNamesTheEntryThatDoesNotFit) {
  const Value text{std::string("x"), ""}, one{std::int64_t{1}, ""}, half{0.5, ""};
  EXPECT_EQ(refusal("shape", List{one, text}),
            "shape = [1, \"x\"] (f.yaml:7): expected a list of integers, found text in it");
  EXPECT_EQ(refusal("shape", List{half}),
            "shape = [0.5] (f.yaml:7): expected a list of integers, found a number in it");
  EXPECT_EQ(refusal("payoff", List{one}),
            "payoff = [1] (f.yaml:7): expected a list of lists of numbers, found an integer in it");
  EXPECT_EQ(refusal("payoff", List{Value{List{half, text}, ""}}),
            "payoff = [[0.5, \"x\"]] (f.yaml:7): expected a list of lists of numbers, found text "
            "in it");
}

TEST(OptionsTest, WhatDoesNotFitItsFieldIsRefused) {
  EXPECT_EQ(refusal("count", std::int64_t{1} << 40),
            "count = 1099511627776 (f.yaml:7): must be in [-2147483648, 2147483647]");
  EXPECT_EQ(refusal("seed", std::int64_t{-1}), "seed = -1 (f.yaml:7): must be at least 0");
  EXPECT_EQ(refusal("rate", std::numeric_limits<double>::quiet_NaN()),
            "rate = .nan (f.yaml:7): must be finite");
  EXPECT_EQ(refusal("rate", std::numeric_limits<double>::infinity()),
            "rate = .inf (f.yaml:7): must be finite");
}

TEST(OptionsTest, AnUnknownKeyNamesTheNearestOrTheKnownOnes) {
  EXPECT_EQ(refusal("cuont", true), "cuont (f.yaml:7): no such key; did you mean count?");
  EXPECT_EQ(refusal("zzzzzzzz", true),
            "zzzzzzzz (f.yaml:7): no such key; known: flag, count, steps, seed, rate, name, shape, "
            "payoff, args");
  const std::string text = error_text([] {
    Sample sample;
    Options o({{"cout", {true, "command line"}}}, "env_args.");
    sample.options(o);
    o.refuse_unknown("environment stag_hunt");
  });
  EXPECT_EQ(text,
            "env_args.cout (command line): environment stag_hunt has no such key; did you mean "
            "count?");
}

struct Grouped {
  double timeout = 60;

  Map values_of(Map map) {
    Options o(std::move(map));
    o.add("cluster.timeout", timeout, "", at_least(0.0));
    o.refuse_unknown("");
    return o.values();
  }
};

Value in_cluster(const std::string& key, decltype(Value::data) value) {
  return {Map{{key, {std::move(value), "f.yaml:8"}}}, "f.yaml:7"};
}

TEST(OptionsTest, AKeyWithADotIsAnEntryOfAMapOrWrittenInOneWord) {
  for (const Map& map : {Map{{"cluster", in_cluster("timeout", std::int64_t{20})}},
                         Map{{"cluster.timeout", {20.0, "f.yaml:7"}}}}) {
    Grouped grouped;
    const Map values = grouped.values_of(map);
    EXPECT_EQ(grouped.timeout, 20);
    EXPECT_EQ((Value{values, ""}.text()), "{cluster: {timeout: 20.0}}");
    EXPECT_EQ((Value{Grouped().values_of(values), ""}.text()), "{cluster: {timeout: 20.0}}");
  }
}

TEST(OptionsTest, ErrorsInAMapOfKeysNameTheWholeKey) {
  const auto refusal_of = [](const Value& cluster) {
    return error_text([&] { Grouped().values_of({{"cluster", cluster}}); });
  };
  EXPECT_EQ(refusal_of(in_cluster("timeout", -1.0)),
            "cluster.timeout = -1.0 (f.yaml:8): must be at least 0");
  EXPECT_EQ(refusal_of(in_cluster("tmeout", 1.0)),
            "cluster.tmeout (f.yaml:8): no such key; did you mean cluster.timeout?");
  EXPECT_EQ(refusal_of({1.0, "f.yaml:7"}),
            "cluster = 1.0 (f.yaml:7): expected a map, found a number");
}

TEST(OptionsTest, MessagesStayShortWhateverTheValue) {
  EXPECT_LT(refusal("rate", std::string(100000, 'x')).size(), 200u);
  EXPECT_LT(refusal(std::string(100000, 'y'), true).size(), 400u);
}

TEST(OptionsTest, OneOfEqualToAndAboveSayWhatTheyAllow) {
  EXPECT_EQ(equal_to(true).text, "True (qtot supports no other value)");
  EXPECT_EQ(equal_to(0.5).text, "0.5 (qtot supports no other value)");
  EXPECT_TRUE(equal_to(3).holds(3));
  EXPECT_FALSE(equal_to(3).holds(4));
  EXPECT_EQ(above(0).text, "above 0");
  EXPECT_FALSE(above(0).holds(0));
  EXPECT_TRUE(above(0).holds(1e-300));
}

TEST(OptionsTest, RequireKnownListsWhatAHigherModuleKnows) {
  Sample sample;
  sample.name = "zzzz";
  Options o;
  sample.options(o);
  EXPECT_EQ(error_text([&] {
              require_known(o.infos(), "name", {"one", "two"});
            }),
            "name = \"zzzz\" (default): no such name; known: one, two");
  sample.name = "twoo";
  Options p;
  sample.options(p);
  EXPECT_EQ(error_text([&] {
              require_known(p.infos(), "name", {"one", "two"});
            }),
            "name = \"twoo\" (default): no such name; did you mean two? known: one, two");
  EXPECT_EQ(error_text([&] { require_known(p.infos(), "name", {"twoo"}); }), "(no error)");
}

TEST(OptionsDeathTest, OneKeyTwiceIsABug) {
  int field = 0;
  Options o;
  o.add("a", field, "");
  EXPECT_DEATH(o.add("a", field, ""), "check failed");
}

}  // namespace
}  // namespace qtot::config
