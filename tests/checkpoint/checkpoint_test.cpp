#include "qtot/checkpoint/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <fstream>
#include <limits>

#include "checkpoint/example_state.h"
#include "checkpoint/frame.h"
#include "qtot/base/files.h"
#include "support/temp_folder.h"

namespace qtot::checkpoint {
namespace {

using test::error_of;
using test::example_state;
using testing::HasSubstr;
using testing::StartsWith;

std::string load_error(std::string_view bytes) {
  return error_of([&] { from_bytes(bytes, "a.qtot"); }).what();
}

// The frame's last 16 bytes made right again, so that what lies before them is believed.
std::string with_right_checksum(std::string bytes) {
  bytes.resize(bytes.size() - kChecksumBytes);
  FingerprintHasher hasher;
  hasher.add_bytes(std::as_bytes(std::span(bytes)));
  const Fingerprint checksum = hasher.finish();
  for (const std::uint64_t half : {checksum.high, checksum.low}) {
    for (int i = 0; i < 8; ++i) bytes += static_cast<char>(half >> (8 * i) & 0xFF);
  }
  return bytes;
}

template <class T>
void expect_same_bits(std::span<const T> a, std::span<const T> b) {
  ASSERT_EQ(a.size(), b.size());
  if (a.empty()) return;  // memcmp takes no null pointer
  EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size_bytes()), 0);
}

void expect_same_episode(const core::Episode& a, const core::Episode& b) {
  EXPECT_EQ(a.spec(), b.spec());
  EXPECT_EQ(a.n_slots(), b.n_slots());
  EXPECT_EQ(a.terminated(), b.terminated());
  expect_same_bits(a.rewards(), b.rewards());
  expect_same_bits(a.all_states(), b.all_states());
  expect_same_bits(a.all_obs(), b.all_obs());
  expect_same_bits(a.all_avail(), b.all_avail());
  expect_same_bits(a.all_actions(), b.all_actions());
  expect_same_bits(a.all_mu(), b.all_mu());
}

TEST(CheckpointTest, EveryFieldComesBack) {
  const State a = example_state();
  const State b = from_bytes(to_bytes(a), "a.qtot");
  EXPECT_EQ(a.config, b.config);
  EXPECT_EQ(a.training_keys, b.training_keys);
  EXPECT_EQ(a.t_env, b.t_env);
  EXPECT_EQ(a.episode, b.episode);
  EXPECT_EQ(a.tensors, b.tensors);
  EXPECT_EQ(a.learner.params, b.learner.params);
  EXPECT_EQ(a.learner.target_params, b.learner.target_params);
  EXPECT_EQ(a.learner.optimiser.first, b.learner.optimiser.first);
  EXPECT_EQ(a.learner.optimiser.second, b.learner.optimiser.second);
  EXPECT_EQ(a.learner.optimiser.n_steps, b.learner.optimiser.n_steps);
  EXPECT_EQ(a.learner.n_updates, b.learner.n_updates);
  EXPECT_EQ(a.learner.last_target_update_episode, b.learner.last_target_update_episode);
  EXPECT_EQ(a.acting_params, b.acting_params);
  EXPECT_EQ(a.learner.rewards.mean, b.learner.rewards.mean);
  EXPECT_EQ(a.learner.rewards.variance, b.learner.rewards.variance);
  EXPECT_EQ(a.learner.rewards.count, b.learner.rewards.count);
  EXPECT_EQ(a.spec, b.spec);
  EXPECT_EQ(a.counters, b.counters);
  EXPECT_EQ(a.accumulators, b.accumulators);
  EXPECT_EQ(a.sink_positions, b.sink_positions);
  ASSERT_EQ(a.episodes.size(), b.episodes.size());
  for (std::size_t i = 0; i < a.episodes.size(); ++i) {
    EXPECT_EQ(a.episodes[i].ticket, b.episodes[i].ticket);
    expect_same_episode(*a.episodes[i].episode, *b.episodes[i].episode);
  }
}

// Episodes of example_state() with `mu` as the behaviour of every action.
std::vector<core::Episode> with_behaviour(State& state, float mu) {
  std::vector<core::Episode> episodes;
  for (const StoredEpisode& stored : state.episodes) episodes.push_back(*stored.episode);
  for (std::size_t i = 0; i < episodes.size(); ++i) {
    episodes[i].set_behaviour(std::vector<float>(episodes[i].all_actions().size(), mu));
    state.episodes[i] = borrow(state.episodes[i].ticket, episodes[i]);
  }
  return episodes;
}

TEST(CheckpointTest, BehaviourComesBackFromBehindWhatOtherCheckpointsHave) {
  State state = example_state();
  const std::size_t n_plain = to_bytes(state).size();
  const std::vector<core::Episode> episodes = with_behaviour(state, 0.125F);
  const std::string bytes = to_bytes(state);
  EXPECT_EQ(bytes.size(), n_plain + 2 * 8 + (3 + 2) * 2 * sizeof(float));
  const State read = from_bytes(bytes, "a.qtot");
  ASSERT_EQ(read.episodes.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) expect_same_episode(*read.episodes[i].episode, episodes[i]);
}

TEST(CheckpointTest, BehaviourThatIsNoProbabilityIsAnError) {
  State state = example_state();
  const std::vector<core::Episode> episodes = with_behaviour(state, 0);
  EXPECT_EQ(load_error(to_bytes(state)),
            "checkpoint a.qtot: expected episode 5's behaviour to be in (0, 1], found 0.000000");
}

TEST(CheckpointTest, AnEmptyStateComesBack) {
  const State state = from_bytes(to_bytes(State{}), "a.qtot");
  EXPECT_EQ(to_bytes(state), to_bytes(State{}));
  EXPECT_TRUE(state.episodes.empty());
}

TEST(CheckpointTest, FloatsComeBackBitByBit) {
  const std::vector<std::uint32_t> bits = {
      0x7FC00001,  // quiet NaN with a payload
      0xFFA12345,  // signalling NaN, negative
      0x80000000,  // -0
      0x00000001,  // least denormal
      0x807FFFFF,  // largest negative denormal
      0x7F800000,  // infinity
      0x7F7FFFFF,  // largest
  };
  State state = example_state();
  for (std::size_t i = 0; i < bits.size(); ++i) {
    std::memcpy(&state.learner.params[i], &bits[i], sizeof(float));
  }
  const std::uint64_t double_bits = 0x7FF0000000000ABC;
  std::memcpy(&state.accumulators["return_mean"][0], &double_bits, sizeof(double));
  const State read = from_bytes(to_bytes(state), "a.qtot");
  EXPECT_EQ(std::memcmp(read.learner.params.data(), bits.data(), sizeof(float) * bits.size()), 0);
  EXPECT_EQ(std::memcmp(read.accumulators.at("return_mean").data(), &double_bits, sizeof(double)),
            0);
}

// The bytes are the format. tests/data/checkpoint/tiny.hex was written from to_bytes(example_state())
// and read against the tables of checkpoint.h; a change of it needs a new kFormatVersion.
TEST(CheckpointTest, TheBytesAreTheGoldenOnesOnEveryMachine) {
  static constexpr char kDigits[] = "0123456789abcdef";
  const std::string bytes = to_bytes(example_state());
  std::string hex;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
    hex += i % 32 == 31 || i + 1 == bytes.size() ? '\n' : ' ';
  }
  const std::string path = std::string(QTOT_TEST_DATA_DIR) + "/checkpoint/tiny.hex";
  EXPECT_EQ(hex, read_file(path, 1 << 20)) << "to be compared with " << path;
}

// Files of runs that have none are as they were before there were any.
TEST(CheckpointTest, NumbersOfTrainingComeBackApartFromTheAccumulators) {
  const State plain = example_state();
  EXPECT_TRUE(from_bytes(to_bytes(plain), "a.qtot").numbers.empty());
  State state = example_state();
  state.numbers = {{"priorities", {0.5, 2, 1e-6}}, {"priorities.highest", {3}}};
  EXPECT_EQ(from_bytes(to_bytes(state), "a.qtot").numbers, state.numbers);
  EXPECT_EQ(from_bytes(to_bytes(state), "a.qtot").accumulators, plain.accumulators);
  EXPECT_GT(to_bytes(state).size(), to_bytes(plain).size());
  state.numbers["priorities"][1] = std::numeric_limits<double>::infinity();
  EXPECT_EQ(load_error(to_bytes(state)),
            "checkpoint a.qtot: expected finite priorities, found inf");
}

TEST(CheckpointTest, TheHeaderIsAsDocumented) {
  const std::string bytes = to_bytes(example_state());
  EXPECT_THAT(bytes, StartsWith(std::string("QTOTCKPT\x01\0\0\0", 12)));
  const std::size_t n_payload = bytes.size() - 36;
  EXPECT_EQ(static_cast<unsigned char>(bytes[12]), n_payload & 0xFF);
  EXPECT_EQ(static_cast<unsigned char>(bytes[13]), n_payload >> 8);
}

TEST(CheckpointTest, EveryFlippedByteIsAnError) {
  const std::string whole = to_bytes(example_state());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const int mask : {0x01, 0x80, 0xFF}) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damaged[i] ^ mask);
      ASSERT_THAT(load_error(damaged), StartsWith("checkpoint a.qtot: ")) << "byte " << i;
    }
  }
}

TEST(CheckpointTest, EveryTruncationIsAnError) {
  const std::string whole = to_bytes(example_state());
  for (std::size_t n = 0; n < whole.size(); ++n) {
    ASSERT_THAT(load_error(std::string_view(whole).substr(0, n)),
                StartsWith("checkpoint a.qtot: expected "))
        << n << " bytes";
  }
  EXPECT_THAT(load_error(whole + "x"), HasSubstr("the file is damaged"));
}

// Behind the checksum, too, nothing is trusted: each byte of the payload replaced under a right
// checksum gives an Error or a State that holds together (it can be written and read again).
TEST(CheckpointTest, AForgedPayloadIsAnErrorOrAWholeState) {
  const std::string whole = to_bytes(example_state());
  int n_errors = 0;
  for (std::size_t i = kHeaderBytes; i < whole.size() - kChecksumBytes; ++i) {
    for (const int mask : {0x01, 0x40, 0x80, 0xFF}) {
      std::string forged = whole;
      forged[i] = static_cast<char>(forged[i] ^ mask);
      forged = with_right_checksum(forged);
      try {
        ASSERT_EQ(to_bytes(from_bytes(forged, "a.qtot")), forged) << "byte " << i;
      } catch (const Error& error) {
        ASSERT_THAT(error.what(), StartsWith("checkpoint a.qtot: expected ")) << "byte " << i;
        ++n_errors;
      }
    }
  }
  EXPECT_GT(n_errors, 500);
}

// Every aligned or unaligned 8 bytes of the payload read as a length: none makes the reader allocate.
TEST(CheckpointTest, OversizedLengthsAreErrorsBeforeAnythingIsAllocated) {
  const std::string whole = to_bytes(example_state());
  for (const char high : {'\x00', '\x10', '\x7f', '\xff'}) {
    for (std::size_t i = kHeaderBytes; i + 8 <= whole.size() - kChecksumBytes; ++i) {
      std::string forged = whole;
      for (std::size_t b = 0; b < 7; ++b) forged[i + b] = '\xff';
      forged[i + 7] = high;
      forged = with_right_checksum(forged);
      try {
        from_bytes(forged, "a.qtot");
      } catch (const Error& error) {
        ASSERT_THAT(error.what(), StartsWith("checkpoint a.qtot: expected ")) << "byte " << i;
      }
    }
  }
}

TEST(CheckpointTest, ErrorsSayWhatWasExpectedAndFound) {
  const std::string whole = to_bytes(example_state());
  EXPECT_EQ(
      load_error("QTOT"),
      "checkpoint a.qtot: expected a checkpoint of at least 36 bytes, found 4: the file is too "
      "short");
  EXPECT_EQ(load_error(std::string(100, 'x')),
            "checkpoint a.qtot: not a qtot checkpoint: expected it to begin with QTOTCKPT");
  std::string other = whole;
  other[8] = 9;
  EXPECT_EQ(load_error(with_right_checksum(other)),
            "checkpoint a.qtot: expected format version 1, found 9");
  EXPECT_EQ(load_error(other),
            "checkpoint a.qtot: expected format version 1, found 9; its checksum differs, too: the "
            "file may be damaged");
  other = whole;
  other[100] = static_cast<char>(other[100] ^ 1);
  EXPECT_THAT(load_error(other), HasSubstr("expected the checksum "));
  EXPECT_THAT(load_error(other), HasSubstr(": the file is damaged"));
}

TEST(CheckpointTest, ContentThatDoesNotFitTogetherIsAnError) {
  State state = example_state();
  state.learner.params.push_back(0);
  EXPECT_EQ(load_error(to_bytes(state)),
            "checkpoint a.qtot: expected 7 numbers of the parameters, found 8");
  state.tensors = {{"a", {std::uint64_t{1} << 40}}, {"b\n", {1}}};
  EXPECT_EQ(load_error(to_bytes(state)),
            "checkpoint a.qtot: expected tensors of possible size together, found more than "
            "1099511627776 numbers");
  state.tensors[1].shape = {1, std::uint64_t{1} << 41};
  EXPECT_EQ(load_error(to_bytes(state)),
            "checkpoint a.qtot: expected a tensor b\\x0a of possible size, found a dimension of "
            "2199023255552");
  state = example_state();
  state.acting_params.pop_back();
  EXPECT_EQ(load_error(to_bytes(state)),
            "checkpoint a.qtot: expected 7 numbers of the acting parameters, found 6");
  state = example_state();
  std::swap(state.episodes[0], state.episodes[1]);
  EXPECT_EQ(load_error(to_bytes(state)),
            "checkpoint a.qtot: expected ascending tickets, found 5 out of order");
  state = example_state();
  state.t_env = -1;
  EXPECT_EQ(load_error(to_bytes(state)),
            "checkpoint a.qtot: expected counters of at least 0, found -1");
  state = example_state();
  auto episode = *state.episodes[0].episode;
  episode.actions(1)[0] = 3;
  state.episodes[0] = borrow(5, episode);
  EXPECT_EQ(load_error(to_bytes(state)),
            "checkpoint a.qtot: expected episode 5's actions to be from 0 to 2, found 3");
}

TEST(CheckpointTest, SaveAndLoadGoThroughAFile) {
  const test::TempFolder folder;
  save(folder / "a.qtot", example_state());
  EXPECT_EQ(to_bytes(load(folder / "a.qtot")), to_bytes(example_state()));
  EXPECT_THAT(error_of([&] { load(folder / "b.qtot"); }).what(),
              HasSubstr("b.qtot: No such file or directory"));
}

TEST(RequireTensorsTest, NamesTheFirstTensorThatDiffers) {
  nn::ParamLayout layout;
  layout.add_matrix("agent.w", 2, 2, {});
  layout.add_vector("agent.b", 2, {});
  State state = example_state();
  EXPECT_STREQ(error_of([&] { require_tensors(state, layout, "a.qtot"); }).what(),
               "checkpoint a.qtot: expected no further tensor, found mixer.b [1]");
  layout.add_vector("mixer.b", 1, {});
  EXPECT_STREQ(error_of([&] { require_tensors(state, layout, "a.qtot"); }).what(), "no error");
  state.tensors[0].shape = {4, 1};
  EXPECT_STREQ(error_of([&] { require_tensors(state, layout, "a.qtot"); }).what(),
               "checkpoint a.qtot: expected agent.w [2, 2], found agent.w [4, 1]");
}

}  // namespace
}  // namespace qtot::checkpoint
