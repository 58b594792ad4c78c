// Runs what the fuzzer kept through what the fuzzer ran: a file of the corpus that once broke a reader,
// or that reaches a place of its own, in every build and under every sanitizer of the tests.

#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>

#include "fuzz/targets.h"
#include "qtot/base/files.h"

namespace qtot::fuzz {
namespace {

struct Target {
  std::string name;
  void (*run)(std::span<const std::byte>);
};

class Corpus : public testing::TestWithParam<Target> {};

TEST_P(Corpus, FindsNothing) {
  const std::filesystem::path folder =
      std::filesystem::path(QTOT_SOURCE_DIR) / "tests" / "fuzz" / "corpus" / GetParam().name;
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.insert(entry.path());
  EXPECT_GT(files.size(), 10U);
  for (const std::filesystem::path& file : files) {
    SCOPED_TRACE(file.string());
    const std::string bytes = read_file(file, 1 << 20);
    GetParam().run(std::as_bytes(std::span(bytes)));
  }
}

INSTANTIATE_TEST_SUITE_P(Of, Corpus,
                         testing::Values(Target{"npy", npy}, Target{"npz", npz},
                                         Target{"safetensors", safetensors},
                                         Target{"checkpoint", checkpoint},
                                         Target{"oracle", oracle}),
                         [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace qtot::fuzz
