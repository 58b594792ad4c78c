#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "qtot/base/error.h"
#include "qtot/config/training_config.h"
#include "qtot/yaml/yaml.h"

namespace qtot::yaml {
namespace {

std::string read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(std::string(QTOT_SOURCE_DIR) + path).rdbuf();
  return text.str();
}

// What a damaged file or an unlucky editor makes of `text`: bytes replaced, removed, repeated, and
// pieces that mean something to YAML put in.
std::string mutated(std::string text, std::mt19937_64& random) {
  static const std::vector<std::string> kPieces = {"[",
                                                   "]",
                                                   "{",
                                                   "}",
                                                   ":",
                                                   ": ",
                                                   "- ",
                                                   "? ",
                                                   "\n",
                                                   "\n  ",
                                                   "&a ",
                                                   "*a",
                                                   "!!int ",
                                                   "!",
                                                   "|",
                                                   ">",
                                                   "|9",
                                                   "\"",
                                                   "'",
                                                   "#",
                                                   "%YAML 9.9\n",
                                                   "---\n",
                                                   "...\n",
                                                   "<<: ",
                                                   "\\x",
                                                   "\\U0011FFFF",
                                                   "\t",
                                                   "\r",
                                                   "1e999",
                                                   "\xef\xbb\xbf",
                                                   "\xfe\xff",
                                                   ",",
                                                   ",,",
                                                   "~",
                                                   "@",
                                                   "`",
                                                   "key: 1\n",
                                                   "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
                                                   "{a: {a: {a: {a: {a: {a: "};
  for (std::size_t n = 1 + random() % 6; n > 0 && !text.empty(); --n) {
    const std::size_t at = random() % text.size();
    switch (random() % 5) {
      case 0:
        text[at] = static_cast<char>(random() % 256);
        break;
      case 1:
        text.erase(at, 1 + random() % 20);
        break;
      case 2:
        text.insert(at, text.substr(random() % text.size(), random() % 60));
        break;
      case 3:
        text.resize(at);
        break;
      default:
        text.insert(at, kPieces[random() % kPieces.size()]);
    }
  }
  return text;
}

// Reading `text` gives a configuration or one Error of one line; all else ends the test program.
bool reads(const std::string& text) {
  try {
    const config::Map map = load_text(text, "f.yaml");
    EXPECT_EQ(dump(load_text(dump(map), "again")), dump(map)) << text;
    config::read_training_config(map);
    return true;
  } catch (const Error& e) {
    const std::string what = e.what();
    EXPECT_FALSE(what.empty()) << text;
    EXPECT_EQ(what.find('\n'), std::string::npos) << what;
    EXPECT_LT(what.size(), 600u) << what;
    return false;
  }
}

TEST(MutationTest, DamagedConfigurationsParseOrThrowOneSentence) {
  const std::string sample =
      read("/configs/envs/stag_hunt.yaml") + "payoff: [[8, -12], [0, 1]]\nmixer:\nlr: 1e-3\n";
  ASSERT_GT(sample.size(), 500u);
  std::mt19937_64 random(3);
  int n_read = 0;
  constexpr int kTrials = 5000;
  for (int i = 0; i < kTrials && !HasFailure(); ++i) {
    SCOPED_TRACE("trial " + std::to_string(i));
    n_read += reads(mutated(sample, random)) ? 1 : 0;
  }
  EXPECT_LT(n_read, kTrials);
}

TEST(MutationTest, SmallTextsParseOrThrowOneSentence) {
  std::mt19937_64 random(4);
  const std::string alphabet = "a1:-?[]{},#&*!|>'\"%@`\n \t.~<\\";
  for (int i = 0; i < 30000 && !HasFailure(); ++i) {
    std::string text;
    for (std::size_t n = random() % 16; n > 0; --n) text += alphabet[random() % alphabet.size()];
    SCOPED_TRACE("trial " + std::to_string(i));
    reads(text);
  }
}

}  // namespace
}  // namespace qtot::yaml
