// Damaged files. A variant of a file gives one clear Error that names the file, or, where the format
// does not look (dates, attributes), exactly the content of the whole one. Where the format has no
// checksum, what is read is still what the bytes say, each byte once.

#include "arrays/damage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "arrays/samples.h"
#include "arrays/zip_builder.h"
#include "qtot/arrays/npy.h"
#include "qtot/arrays/npz.h"
#include "qtot/arrays/safetensors.h"
#include "qtot/base/error.h"
#include "qtot/base/files.h"

namespace qtot::arrays {
namespace {

using test::bytes_of;
using test::damaged;
using test::text_of;

constexpr std::uint64_t kVariants = 250;
constexpr std::size_t kMaxSentence = 600;

// One line that begins with the file's name, of a length that can be read.
bool is_clear(const std::string& sentence) {
  return sentence.starts_with("f: ") && sentence.size() <= kMaxSentence &&
         std::ranges::all_of(sentence, [](char c) { return c >= ' ' && c <= '~'; });
}

// What reading gave: arrays, or the sentence of an Error. Anything else escapes and fails the test.
struct Outcome {
  std::vector<Array> arrays;
  std::optional<std::string> error;
};

template <class Read>
Outcome outcome_of(const Read& read, const std::string& bytes) {
  Outcome outcome;
  try {
    outcome.arrays = read(bytes_of(bytes));
  } catch (const Error& error) {
    outcome.error = error.what();
  }
  return outcome;
}

std::vector<Array> read_npz(const std::vector<std::byte>& bytes) {
  const Npz npz = Npz::parse(bytes, "f");
  std::vector<Array> arrays;
  for (const std::string& name : npz.names()) arrays.push_back(npz.at(name));
  return arrays;
}

std::vector<Array> read_safetensors_bytes(const std::vector<std::byte>& bytes) {
  return parse_safetensors(bytes, "f");
}

std::vector<Array> read_npy(const std::vector<std::byte>& bytes) {
  return {parse_npy(bytes, "x", "f")};
}

bool same(const std::vector<Array>& a, const std::vector<Array>& b) {
  return std::ranges::equal(a, b, test::same_content);
}

void expect_clear_or_same(const Outcome& outcome, const std::vector<Array>& whole,
                          const std::string& what) {
  if (outcome.error) {
    EXPECT_TRUE(is_clear(*outcome.error)) << what << ": " << *outcome.error;
  } else {
    EXPECT_TRUE(same(outcome.arrays, whole)) << what << ": other content, and no error";
  }
}

std::string committed_case(const std::string& name) {
  const std::filesystem::path path = std::filesystem::path(QTOT_TEST_DATA_DIR) / "vectors" / name;
  return read_file(path, 1 << 24);
}

// A small npz with something of each kind in it.
std::string small_npz() {
  Npz npz("f");
  npz.set(test::sample("in/a", Dtype::kFloat32, {2, 3}));
  npz.set(test::sample("in/b", Dtype::kInt16, {}));
  npz.set(Array::of_text("meta", R"({"a": 1})"));
  return text_of(npz.to_bytes());
}

class DamagedCase : public testing::TestWithParam<std::string> {};

TEST_P(DamagedCase, GivesOneClearErrorOrTheWholeContent) {
  const std::string whole = committed_case(GetParam());
  const std::vector<Array> content = read_npz(bytes_of(whole));
  std::uint64_t n_errors = 0;
  for (std::uint64_t variant = 0; n_errors < 200; ++variant) {
    ASSERT_LT(variant, kVariants) << "too many variants read as if nothing had happened";
    math::Draws draws = test::draws_of(1, variant);
    // half of them in the directory at the end, which is a small part of the file
    const std::size_t begin = variant % 2 == 0 ? 0 : whole.size() - whole.size() / 20;
    const std::string bytes = damaged(whole, begin, whole.size(), draws);
    const Outcome outcome = outcome_of(read_npz, bytes);
    expect_clear_or_same(outcome, content, "variant " + std::to_string(variant));
    n_errors += outcome.error ? 1 : 0;
  }
}

INSTANTIATE_TEST_SUITE_P(Of, DamagedCase,
                         testing::Values("unit_mixer_qmix_2layer.npz", "pymarl_iql.npz",
                                         "pymarl2_qmix_nq_layernorm.npz"),
                         [](const auto& param) {
                           return param.param.substr(0, param.param.find('.'));
                         });

TEST(DamagedNpz, EachFlippedBitIsSeenOrTouchesNoContent) {
  const std::string whole = small_npz();
  const std::vector<Array> content = read_npz(bytes_of(whole));
  std::size_t n_errors = 0;
  for (std::size_t i = 0; i < 8 * whole.size(); ++i) {
    std::string bytes = whole;
    bytes[i / 8] = static_cast<char>(bytes[i / 8] ^ 1 << i % 8);
    const Outcome outcome = outcome_of(read_npz, bytes);
    expect_clear_or_same(outcome, content, "bit " + std::to_string(i));
    n_errors += outcome.error ? 1 : 0;
  }
  EXPECT_GT(n_errors, 7 * whole.size());
}

TEST(DamagedNpz, EachTruncationIsAnError) {
  const std::string whole = small_npz();
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const Outcome outcome = outcome_of(read_npz, whole.substr(0, n));
    ASSERT_TRUE(outcome.error && is_clear(*outcome.error)) << n << " bytes";
  }
}

// The npy inside, stored so that the damage hits its bytes themselves.
TEST(DamagedNpz, AnNpyInsideIsGuardedByItsChecksum) {
  const std::string npy = text_of(to_npy(test::sample("x", Dtype::kFloat32, {3, 5})));
  const std::string whole = test::zip_of({test::stored("x.npy", npy)});
  const std::vector<Array> content = read_npz(bytes_of(whole));
  const std::size_t begin = whole.find(npy);
  std::uint64_t n_errors = 0;
  for (std::uint64_t variant = 0; variant < kVariants; ++variant) {
    math::Draws draws = test::draws_of(2, variant);
    const Outcome outcome = outcome_of(read_npz, damaged(whole, begin, begin + npy.size(), draws));
    expect_clear_or_same(outcome, content, "variant " + std::to_string(variant));
    n_errors += outcome.error ? 1 : 0;
  }
  EXPECT_GT(n_errors, 200U);
}

// Without the checksum, a header may come to say something else that fits; it accounts for each byte.
TEST(DamagedNpy, GivesOneClearErrorOrAnArrayOfAllItsBytes) {
  const std::string whole = text_of(to_npy(test::sample("x", Dtype::kInt64, {2, 3})));
  std::uint64_t n_errors = 0;
  for (std::uint64_t variant = 0; variant < 4 * kVariants; ++variant) {
    math::Draws draws = test::draws_of(3, variant);
    const std::string bytes = damaged(whole, 0, variant % 4 == 0 ? whole.size() : 70, draws);
    const Outcome outcome = outcome_of(read_npy, bytes);
    if (outcome.error) {
      ++n_errors;
      ASSERT_TRUE(is_clear(*outcome.error)) << variant << ": " << *outcome.error;
    } else {
      const Array& array = outcome.arrays.at(0);
      ASSERT_TRUE(bytes.ends_with(text_of(array.raw()))) << variant;
      ASSERT_TRUE(test::same_content(parse_npy(to_npy(array), "x", "f"), array)) << variant;
    }
  }
  EXPECT_GT(n_errors, 500U);
}

// Some tensors of a network, as an exporter would write them.
std::string some_safetensors() {
  const std::vector<Array> arrays = {
      test::sample("agent.fc1.weight", Dtype::kFloat32, {8, 5}),
      test::sample("agent.fc1.bias", Dtype::kFloat32, {8}),
      test::sample("mixer.hyper_w1.0.weight", Dtype::kFloat16, {3, 4}),
      test::sample("steps", Dtype::kInt64, {}),
      test::sample("empty", Dtype::kUint8, {0, 3}),
  };
  return text_of(to_safetensors(arrays, {{"format", "pt"}}));
}

std::size_t n_header_of(const std::string& bytes) {
  return static_cast<unsigned char>(bytes[0]) + 256U * static_cast<unsigned char>(bytes[1]);
}

// The data as the arrays have it: each byte once, whatever their order.
bool has_each_byte_once(const std::vector<Array>& arrays, const std::string& bytes) {
  const std::size_t begin = 8 + n_header_of(bytes);
  std::string expected = bytes.substr(begin);
  std::string found;
  for (const Array& array : arrays) found += text_of(array.raw());
  std::ranges::sort(expected);
  std::ranges::sort(found);
  return expected == found;
}

TEST(DamagedSafetensors, GivesOneClearErrorOrWhatItsBytesSay) {
  const std::string whole = some_safetensors();
  std::uint64_t n_errors = 0;
  for (std::uint64_t variant = 0; variant < 4 * kVariants; ++variant) {
    math::Draws draws = test::draws_of(4, variant);
    const std::size_t end = variant % 8 == 0 ? whole.size() : 8 + n_header_of(whole);
    const std::string bytes = damaged(whole, 0, end, draws);
    const Outcome outcome = outcome_of(read_safetensors_bytes, bytes);
    if (outcome.error) {
      ++n_errors;
      ASSERT_TRUE(is_clear(*outcome.error)) << variant << ": " << *outcome.error;
    } else {
      ASSERT_TRUE(has_each_byte_once(outcome.arrays, bytes)) << variant;
      ASSERT_TRUE(same(read_safetensors_bytes(to_safetensors(outcome.arrays)), outcome.arrays));
    }
  }
  EXPECT_GT(n_errors, 600U);
}

TEST(DamagedSafetensors, EachTruncationIsAnError) {
  const std::string whole = some_safetensors();
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const Outcome outcome = outcome_of(read_safetensors_bytes, whole.substr(0, n));
    ASSERT_TRUE(outcome.error && is_clear(*outcome.error)) << n << " bytes";
  }
}

// Everything of the header that says where data lie and how much: no digit of it can be wrong unseen.
TEST(DamagedSafetensors, EachEditedSizeOrOffsetIsAnError) {
  const std::string whole = some_safetensors();
  std::uint64_t n_errors = 0;
  const auto expect_error = [&](const std::string& bytes, const std::string& what) {
    const Outcome outcome = outcome_of(read_safetensors_bytes, bytes);
    EXPECT_TRUE(outcome.error && is_clear(*outcome.error)) << what;
    ++n_errors;
  };
  for (std::size_t i = 0; i < 64; ++i) {
    std::string bytes = whole;
    bytes[i / 8] = static_cast<char>(bytes[i / 8] ^ 1 << i % 8);
    expect_error(bytes, "bit " + std::to_string(i) + " of the header's length");
  }
  // digits within brackets; a dimension beside a 0 says nothing
  for (std::size_t at = whole.find('['); at < 8 + n_header_of(whole);
       at = whole.find('[', at + 1)) {
    const std::size_t end = whole.find(']', at);
    if (whole.substr(at, end - at).starts_with("[0,3")) continue;
    for (std::size_t i = at + 1; i < end; ++i) {
      if (whole[i] == ',') continue;
      for (const char digit : std::string("0123456789")) {
        if (digit == whole[i]) continue;
        std::string bytes = whole;
        bytes[i] = digit;
        expect_error(bytes, bytes.substr(at, end - at + 1));
      }
    }
  }
  EXPECT_GT(n_errors, 200U);
}

}  // namespace
}  // namespace qtot::arrays
