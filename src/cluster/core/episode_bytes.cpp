#include "qtot/cluster/episode_bytes.h"

#include <cstring>

#include "qtot/base/check.h"

namespace qtot::cluster {
namespace {

// Copies arrays into bytes, or out of them, one behind the other.
class Writer {
 public:
  explicit Writer(std::span<std::byte> bytes) : bytes_(bytes) {}

  template <class T>
  void add(std::span<const T> values) {
    QTOT_CHECK_LE(values.size_bytes(), bytes_.size());
    if (!values.empty()) std::memcpy(bytes_.data(), values.data(), values.size_bytes());
    bytes_ = bytes_.subspan(values.size_bytes());
  }

 private:
  std::span<std::byte> bytes_;
};

class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <class T>
  void take(std::span<T> values) {
    QTOT_CHECK_LE(values.size_bytes(), bytes_.size());
    if (!values.empty()) std::memcpy(values.data(), bytes_.data(), values.size_bytes());
    bytes_ = bytes_.subspan(values.size_bytes());
  }

 private:
  std::span<const std::byte> bytes_;
};

struct OutlineHead {
  double episode_return;
  std::int32_t length;
  std::uint8_t terminated;
  std::uint8_t won;
  std::uint16_t unused;
};
static_assert(sizeof(OutlineHead) == 16);

}  // namespace

std::size_t n_content_bytes(const core::Episode& outline) {
  return outline.n_bytes() - outline.rewards().size_bytes();
}

void pack_content(const core::Episode& episode, std::vector<std::byte>& bytes) {
  bytes.resize(n_content_bytes(episode));
  Writer writer(bytes);
  writer.add(episode.all_avail());  // the widest elements first: all arrays lie aligned
  writer.add(episode.all_states());
  writer.add(episode.all_obs());
  writer.add(episode.all_actions());
  writer.add(episode.all_mu());
}

void unpack_content(const core::Episode& outline, std::span<const std::byte> bytes,
                    core::Episode& episode) {
  QTOT_CHECK_EQ(bytes.size(), n_content_bytes(outline));
  episode.set_outline(outline.spec(), outline.rewards(), outline.terminated(), outline.extras());
  Reader reader(bytes);
  episode.fill([&](auto array) { reader.take(array); });
}

std::size_t n_outline_bytes(int longest) {
  return sizeof(OutlineHead) + static_cast<std::size_t>(longest) * sizeof(float);
}

void pack_outline(const rollout::EpisodeStats& stats, std::span<const float> rewards,
                  std::span<std::byte> bytes) {
  const OutlineHead head = {.episode_return = stats.episode_return,
                            .length = stats.length,
                            .terminated = static_cast<std::uint8_t>(stats.terminated ? 1 : 0),
                            .won = static_cast<std::uint8_t>(stats.won ? 1 : 0),
                            .unused = 0};
  Writer writer(bytes);
  writer.add(std::span(&head, 1));
  writer.add(rewards);
}

Outline unpack_outline(std::span<const std::byte> bytes, bool has_rewards) {
  OutlineHead head{};
  Reader reader(bytes);
  reader.take(std::span(&head, 1));
  Outline outline = {.stats = {.episode_return = head.episode_return,
                               .length = head.length,
                               .terminated = head.terminated != 0,
                               .won = head.won != 0},
                     .rewards = {}};
  if (has_rewards) outline.rewards.resize(static_cast<std::size_t>(head.length));
  reader.take(std::span(outline.rewards));
  return outline;
}

}  // namespace qtot::cluster
