#include "qtot/cluster/collectives.h"

#include <algorithm>
#include <vector>

#include "qtot/base/check.h"

namespace qtot::cluster {

void all_gather(Transport& transport, Channel channel, std::span<std::byte> blocks) {
  std::vector<std::byte> scratch;
  all_gather(transport, channel, transport.n_ranks(), blocks, scratch);
}

// Bruck et al. (1997): what a rank has doubles with each step, also where n is no power of two. The
// own block comes first meanwhile, then those of the following ranks.
void all_gather(Transport& transport, Channel channel, int n_members, std::span<std::byte> blocks,
                std::vector<std::byte>& scratch) {
  const auto n = static_cast<std::size_t>(n_members);
  if (n == 1) return;
  QTOT_CHECK(blocks.size() % n == 0);
  const std::size_t size = blocks.size() / n;
  const auto own = static_cast<std::size_t>(transport.rank());
  scratch.resize(blocks.size());
  const std::span<std::byte> have(scratch);
  std::ranges::copy(blocks.subspan(own * size, size), have.begin());
  for (std::size_t count = 1; count < n; count *= 2) {
    const std::size_t further = std::min(count, n - count) * size;
    transport.send(channel, static_cast<int>((own + n - count) % n), have.first(further));
    transport.receive(channel, static_cast<int>((own + count) % n),
                      have.subspan(count * size, further));
    transport.finish(channel);
  }
  const std::size_t up_to_last = (n - own) * size;
  std::ranges::copy(have.first(up_to_last),
                    blocks.begin() + static_cast<std::ptrdiff_t>(own * size));
  std::ranges::copy(have.subspan(up_to_last), blocks.begin());
}

void spread(Transport& transport, Channel channel, int n_holders, std::span<std::byte> bytes) {
  const int rank = transport.rank();
  for (int n = n_holders; n < transport.n_ranks(); n *= 2) {
    if (rank < n && rank + n < transport.n_ranks()) transport.send(channel, rank + n, bytes);
    if (rank >= n && rank < 2 * n) transport.receive(channel, rank - n, bytes);
    transport.finish(channel);
  }
}

}  // namespace qtot::cluster
