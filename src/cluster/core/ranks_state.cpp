// What ranks tell each other before a checkpoint is written and after one was read.

#include <algorithm>
#include <cstring>
#include <memory>

#include "qtot/base/check.h"
#include "qtot/cluster/collectives.h"
#include "qtot/cluster/episode_bytes.h"
#include "qtot/cluster/ranks.h"

namespace qtot::cluster {
namespace {

using checkpoint::StoredEpisode;

// Episodes that are on their way at one time.
constexpr std::size_t kSlab = 64;

struct Head {
  std::uint64_t ticket;
  std::uint32_t length;
  std::uint16_t terminated;
  std::uint16_t extras;
};
static_assert(sizeof(Head) == 16);

}  // namespace

std::string Ranks::tell(std::string text) {
  stand_at("word from rank 0");
  std::uint64_t size = text.size();
  spread(transport_, Channel::kControl, 1, writable_bytes_of(std::span(&size, 1)));
  text.resize(size);
  spread(transport_, Channel::kControl, 1, writable_bytes_of(std::span<char>(text)));
  return text;
}

std::vector<StoredEpisode> Ranks::gather(const replay::EpisodeRing& ring) {
  stand_at("gathering the replay");
  std::vector<StoredEpisode> all;
  slab_.resize(kSlab);
  for (core::Ticket first = ring.oldest(); first < ring.end(); first += kSlab) {
    const core::Ticket end = std::min<core::Ticket>(first + kSlab, ring.end());
    for (core::Ticket ticket = first; ticket < end; ++ticket) {
      std::vector<std::byte>& bytes = slab_[ticket - first];
      const core::Episode& episode = ring.episode(ticket);
      if (!is_first() && keeps(ticket)) {
        pack_content(episode, bytes);
        transport_.send(Channel::kControl, 0, bytes);
      } else if (is_first() && !keeps(ticket)) {
        bytes.resize(n_content_bytes(episode));
        transport_.receive(Channel::kControl, home_of(ticket), bytes);
      }
    }
    transport_.finish(Channel::kControl);
    for (core::Ticket ticket = first; is_first() && ticket < end; ++ticket) {
      const core::Episode& episode = ring.episode(ticket);
      if (keeps(ticket)) {
        all.push_back(checkpoint::borrow(ticket, episode));
        continue;
      }
      auto whole = std::make_shared<core::Episode>();
      unpack_content(episode, slab_[ticket - first], *whole);
      all.push_back({.ticket = ticket, .episode = std::move(whole)});
    }
  }
  return all;
}

std::vector<StoredEpisode> Ranks::distribute(const core::DecPomdpSpec& spec,
                                             const std::vector<StoredEpisode>& episodes) {
  stand_at("distributing the replay");
  std::string told;
  for (const StoredEpisode& stored : episodes) {
    const core::Episode& episode = *stored.episode;
    const Head head = {.ticket = stored.ticket,
                       .length = static_cast<std::uint32_t>(episode.length()),
                       .terminated = static_cast<std::uint16_t>(episode.terminated() ? 1 : 0),
                       .extras = static_cast<std::uint16_t>(episode.extras())};
    told.append(reinterpret_cast<const char*>(&head), sizeof(head));
    told.append(reinterpret_cast<const char*>(episode.rewards().data()),
                episode.rewards().size_bytes());
  }
  told = tell(std::move(told));

  std::vector<StoredEpisode> mine;
  for (std::size_t at = 0; at < told.size();) {
    Head head{};
    std::memcpy(&head, told.data() + at, sizeof(head));
    std::vector<float> rewards(head.length);
    std::memcpy(rewards.data(), told.data() + at + sizeof(head), rewards.size() * sizeof(float));
    at += sizeof(head) + rewards.size() * sizeof(float);
    auto outline = std::make_shared<core::Episode>();
    outline->set_outline(spec, rewards, head.terminated != 0,
                         static_cast<core::Extras>(head.extras));
    mine.push_back({.ticket = head.ticket, .episode = std::move(outline)});
  }
  slab_.resize(kSlab);
  for (std::size_t first = 0; first < mine.size(); first += kSlab) {
    const std::size_t end = std::min(first + kSlab, mine.size());
    for (std::size_t i = first; i < end; ++i) {
      const int home = home_of(mine[i].ticket);
      std::vector<std::byte>& bytes = slab_[i - first];
      if (home == 0) {
        if (is_first()) mine[i] = episodes[i];
      } else if (is_first()) {
        pack_content(*episodes[i].episode, bytes);
        transport_.send(Channel::kControl, home, bytes);
      } else if (home == rank()) {
        bytes.resize(n_content_bytes(*mine[i].episode));
        transport_.receive(Channel::kControl, 0, bytes);
      }
    }
    transport_.finish(Channel::kControl);
    for (std::size_t i = first; i < end; ++i) {
      if (is_first() || !keeps(mine[i].ticket)) continue;
      auto whole = std::make_shared<core::Episode>();
      unpack_content(*mine[i].episode, slab_[i - first], *whole);
      mine[i].episode = std::move(whole);
    }
  }
  return mine;
}

}  // namespace qtot::cluster
