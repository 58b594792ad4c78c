#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdio>

#include "qtot/yaml/yaml.h"
#include "support/error_text.h"

namespace qtot::yaml {
namespace {

using config::Map;
using config::Value;
using test::error_text;

std::string text(const Map& map) {
  return Value{map, ""}.text();
}

// text() of the value that the plain scalar `scalar` means.
std::string read(const std::string& scalar) {
  const Map map = load_text("x: " + scalar + "\n", "f.yaml");
  return config::find(map, "x")->text();
}

const std::string kHint = "; is a bracket not closed?";

std::string refusal(const std::string& yaml) {
  return error_text([&] { load_text(yaml, "f.yaml"); });
}

TEST(LoadTest, PlainScalarsMeanWhatPymarlsUsersMean) {
  for (const char* yes : {"True", "true", "TRUE", "yes", "on"}) EXPECT_EQ(read(yes), "True") << yes;
  for (const char* no : {"False", "false", "no", "Off"}) EXPECT_EQ(read(no), "False") << no;
  for (const char* none : {"", "~", "null", "None", "# Mixer becomes None"}) {
    EXPECT_EQ(read(none), "None") << none;
  }
  EXPECT_EQ(read("32"), "32");
  EXPECT_EQ(read("-7"), "-7");
  EXPECT_EQ(read("+7"), "7");
  EXPECT_EQ(read("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(read("9223372036854775808"), "9223372036854775808.0");
  EXPECT_EQ(read("1e-5"), "1e-05");
  EXPECT_EQ(read("10E-8"), "1e-07");
  EXPECT_EQ(read(".5"), "0.5");
  EXPECT_EQ(read("-.5"), "-0.5");
  EXPECT_EQ(read("+.5e+1"), "5.0");
  EXPECT_EQ(read("1."), "1.0");
  EXPECT_EQ(read("-.inf"), "-.inf");
  EXPECT_EQ(read(".nan"), ".nan");
}

TEST(LoadTest, WhatIsNoNumberIsText) {
  for (const char* scalar : {"3m", "5m_vs_6m", "1e", "e5", ".", "+", "1.2.3", "010", "0x10",
                             "1_000", "--1", "+-1", "1e5x", "inf", "nan", "y", "n"}) {
    EXPECT_EQ(read(scalar), '"' + std::string(scalar) + '"') << scalar;
  }
}

TEST(LoadTest, QuotedScalarsStayText) {
  for (const char* scalar : {"'True'", "\"True\"", "'1'", "\"None\"", "''"}) {
    const std::string inner(scalar + 1, std::string(scalar).size() - 2);
    EXPECT_EQ(read(scalar), '"' + inner + '"');
  }
  EXPECT_EQ(read("|\n  1\n"), "\"1\\n\"");
}

TEST(LoadTest, ListsAndMapsNestAndEveryValueKnowsItsLine) {
  const Map map = load_text(
      "# comment\n"
      "env: stag_hunt\n"
      "env_args:\n"
      "  world_shape: [6, 6]\n"
      "  payoff:\n"
      "    - [8, -12.5]\n"
      "    - [0, 1]\n",
      "dir/f.yaml");
  EXPECT_EQ(text(map),
            "{env: \"stag_hunt\", env_args: {world_shape: [6, 6], payoff: [[8, -12.5], [0, 1]]}}");
  EXPECT_EQ(config::find(map, "env")->origin, "dir/f.yaml:2");
  const Map& args = std::get<Map>(config::find(map, "env_args")->data);
  EXPECT_EQ(config::find(args, "world_shape")->origin, "dir/f.yaml:4");
  const auto& payoff = std::get<config::List>(config::find(args, "payoff")->data);
  EXPECT_EQ(payoff[1].origin, "dir/f.yaml:7");
}

TEST(LoadTest, AFileWithoutContentIsAnEmptyMap) {
  EXPECT_TRUE(load_text("", "f").empty());
  EXPECT_TRUE(load_text("# nothing\n\n", "f").empty());
  EXPECT_TRUE(load_text("{}", "f").empty());
  EXPECT_EQ(text(load_text("---\na: 1\n...\n", "f")), "{a: 1}");
}

TEST(LoadTest, WhatAConfigurationDoesNotNeedIsRefusedWithItsPlace) {
  EXPECT_EQ(refusal("a: 1\nb: 2\na: 3\n"), "f.yaml:3: the key a stands twice");
  EXPECT_EQ(refusal("a: {b: 1, b: 2}\n"), "f.yaml:1: the key b stands twice");
  EXPECT_EQ(refusal("a: 1\n2: 3\n"),
            "f.yaml:2: expected text as key, found an integer (2)" + kHint);
  EXPECT_EQ(refusal("True: 3\n"), "f.yaml:1: expected text as key, found a boolean (True)" + kHint);
  EXPECT_EQ(refusal("[1, 2]: 3\n"), "f.yaml:1: expected text as key, found a list" + kHint);
  EXPECT_EQ(refusal("? {a: 1}\n: 3\n"), "f.yaml:1: expected text as key, found a map" + kHint);
  EXPECT_EQ(refusal("~: 3\n"), "f.yaml:1: expected a key, found nothing" + kHint);
  EXPECT_EQ(refusal("a: &x 1\n"), "f.yaml:1: anchors and aliases are not supported");
  EXPECT_EQ(refusal("a: &x [*x]\n"), "f.yaml:1: anchors and aliases are not supported");
  EXPECT_EQ(refusal("a: !!python/object:os.system x\n"), "f.yaml:1: tags are not supported");
  EXPECT_EQ(refusal("a: !!int 3\n"), "f.yaml:1: tags are not supported");
  EXPECT_EQ(refusal("a: 1\n---\nb: 2\n"), "f.yaml:2: a second document begins, expected one");
  EXPECT_EQ(refusal("- 1\n- 2\n"), "f.yaml:1: expected lines of `key: value`, found a list");
  EXPECT_EQ(refusal("\n\njust words\n"), "f.yaml:3: expected lines of `key: value`, found text");
  EXPECT_EQ(refusal("a: 1e999\n"), "f.yaml:1: the number 1e999 is beyond the range of double");
  EXPECT_EQ(refusal("a: \xff\n"), "f.yaml:1: not UTF-8 text");
  EXPECT_EQ(refusal(std::string("a: \0b\n", 6)), "f.yaml:1: contains a zero byte");
  EXPECT_EQ(refusal(std::string(257, 'k') + ": 1\n"), "f.yaml:1: a key is longer than 256 bytes");
}

TEST(LoadTest, ParseErrorsNameFileAndLine) {
  EXPECT_THAT(refusal("a: 1\n  b: 2\n"), testing::StartsWith("f.yaml:2: not readable as YAML: "));
  EXPECT_THAT(refusal("a: 1\nb: ]\n"), testing::StartsWith("f.yaml:2: not readable as YAML: "));
}

TEST(LoadTest, WhatIsNotClosedIsRefusedWhereverTheTextEnds) {
  for (const std::string open :
       {"[", "[1", "[1, 2", "[1,", "{", "{a", "{a: 1", "{a: [1}", "[{a: 1]", "[[1]"}) {
    for (const char* end : {"", "\n", "\n\n", "\nc: 3\n"}) {
      EXPECT_THAT(refusal("b: " + open + end), testing::StartsWith("f.yaml:")) << open << end;
    }
  }
  for (const std::string quote : {"'", "\"", "'x", "\"x", "\"x\\\"", "'x''"}) {
    for (const char* end : {"", "\n", "\n\n", "\nc: 3\n"}) {
      const std::string text = refusal("b: " + quote + end);
      EXPECT_THAT(text, testing::EndsWith(": not readable as YAML: a quote is not closed")) << end;
    }
  }
}

TEST(LoadTest, NestingHasALimitInFlowAndBlockStyle) {
  const auto flow = [](std::size_t n) {  // the top map is one level itself
    return "a: " + std::string(n, '[') + std::string(n, ']') + "\n";
  };
  const auto repeated = [](const std::string& part, int n) {
    std::string text;
    for (int i = 0; i < n; ++i) text += part;
    return text;
  };
  EXPECT_EQ(refusal(flow(31)), "(no error)");
  EXPECT_EQ(refusal(flow(32)), "f.yaml:1: nested deeper than 32 levels");
  EXPECT_EQ(refusal(flow(100000)), "f.yaml:1: nested deeper than 32 levels");
  std::string block;
  for (std::size_t i = 0; i < 40; ++i) block += std::string(i, ' ') + "a:\n";
  EXPECT_EQ(refusal(block + std::string(40, ' ') + "1\n"),
            "f.yaml:33: nested deeper than 32 levels");
  EXPECT_EQ(refusal("a: " + repeated("{a: ", 50000) + "1" + repeated("}", 50000)),
            "f.yaml:1: nested deeper than 32 levels");
}

TEST(LoadTest, AMapHasALimit) {
  std::string yaml;
  for (int i = 0; i < 4097; ++i) yaml += "k" + std::to_string(i) + ": 1\n";
  EXPECT_EQ(refusal(yaml), "f.yaml:4097: a map has more than 4096 keys");
}

TEST(LoadTest, FilesHaveALimitAndErrorsNameTheFile) {
  const std::string folder = testing::TempDir();
  EXPECT_THAT(error_text([&] { load_file(folder + "/absent.yaml"); }),
              testing::HasSubstr("absent.yaml"));
  EXPECT_THAT(error_text([&] { load_file(folder); }), testing::HasSubstr(folder));

  const std::string path = folder + "/large_" + std::to_string(::getpid()) + ".yaml";
  std::FILE* file = std::fopen(path.c_str(), "wb");
  ASSERT_NE(file, nullptr);
  const std::string line(1023, '#');
  for (int i = 0; i < 1024; ++i) std::fprintf(file, "%s\n", line.c_str());
  std::fflush(file);
  EXPECT_EQ(error_text([&] { load_file(path); }), "(no error)");  // 1 MiB to the byte
  std::fprintf(file, "\n");
  std::fclose(file);
  EXPECT_THAT(error_text([&] { load_file(path); }), testing::HasSubstr(path));
  std::remove(path.c_str());
}

TEST(AssignmentsTest, DottedKeysNestAndLaterOnesWin) {
  const Map map = parse_assignments({"lr=0.1", "env_args.map_name=3m", "env_args.world_shape=[6,6]",
                                     "env_args.payoff=[[8,-12],[.5,0]]", "lr=1e-3", "mixer=None",
                                     "name='3'", "epsilon=", "t={a: {b: True}}"});
  EXPECT_EQ(text(map),
            "{lr: 0.001, env_args: {map_name: \"3m\", world_shape: [6, 6], payoff: [[8, -12], "
            "[0.5, 0]]}, mixer: None, name: \"3\", epsilon: None, t: {a: {b: True}}}");
  EXPECT_EQ(config::find(map, "lr")->origin, "command line");
  EXPECT_EQ(std::get<Map>(config::find(map, "env_args")->data)[1].second.origin, "command line");
}

TEST(AssignmentsTest, PlainTextNeedsNoQuotes) {
  EXPECT_EQ(text(parse_assignments({"name=a: b # c", "path=*x=&y,@!"})),
            "{name: \"a: b # c\", path: \"*x=&y,@!\"}");
}

TEST(AssignmentsTest, MalformedWordsAreNamed) {
  const auto refused = [](const std::string& word) {
    return error_text([&] { parse_assignments({word}); });
  };
  const std::string expected =
      " (command line): expected key=value, where key is a name or names with dots between";
  EXPECT_EQ(refused("lr"), "lr (command line): expected key=value");
  EXPECT_EQ(refused("=3"), "=3" + expected);
  EXPECT_EQ(refused("a..b=3"), "a..b=3" + expected);
  EXPECT_EQ(refused(".a=3"), ".a=3" + expected);
  EXPECT_EQ(refused("3a=3"), "3a=3" + expected);
  EXPECT_EQ(refused("a.b.c.d.e.f.g.h.i=3"), "a.b.c.d.e.f.g.h.i=3" + expected);
  EXPECT_THAT(refused("s=[6,6"), testing::StartsWith("s=[6,6 (command line: expected text as key"));
  EXPECT_THAT(refused("s=[6]]"), testing::StartsWith("s=[6]] (command line"));
  EXPECT_EQ(refused("s='a' : b"), "s='a' : b (command line): the quotes of the value do not match");
  EXPECT_EQ(refused("s=\xff"), "command line: not UTF-8 text");
  EXPECT_EQ(refused("s=1e999"), "command line: the number 1e999 is beyond the range of double");
}

}  // namespace
}  // namespace qtot::yaml
