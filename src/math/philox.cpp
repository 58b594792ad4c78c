#include "qtot/math/philox.h"

#include <algorithm>
#include <utility>

#include "qtot/base/check.h"

namespace qtot::math {
namespace {

// Salmon et al. (2011), sec. 4.2 and table 2.
constexpr std::uint64_t kMultiplier0 = 0xD2511F53;
constexpr std::uint64_t kMultiplier1 = 0xCD9E8D57;
constexpr std::uint32_t kWeyl0 = 0x9E3779B9;
constexpr std::uint32_t kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;

constexpr std::uint32_t low32(std::uint64_t x) {
  return static_cast<std::uint32_t>(x);
}
constexpr std::uint32_t high32(std::uint64_t x) {
  return static_cast<std::uint32_t>(x >> 32);
}

constexpr PhiloxBlock rounds(PhiloxBlock c, std::uint64_t key) {
  std::uint32_t key0 = low32(key);
  std::uint32_t key1 = high32(key);
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t product0 = kMultiplier0 * c[0];
    const std::uint64_t product1 = kMultiplier1 * c[2];
    c = {high32(product1) ^ c[1] ^ key0, low32(product1), high32(product0) ^ c[3] ^ key1,
         low32(product0)};
    key0 += kWeyl0;
    key1 += kWeyl1;
  }
  return c;
}

constexpr std::uint32_t kWordsPerBlock = 4;
constexpr std::uint32_t kBlocksPerKey = 256;

PhiloxBlock counter_of(const DrawKey& key, std::uint32_t block) {
  return {block | std::uint32_t{key.index} << 8 | std::uint32_t{key.site} << 24, key.step,
          low32(key.ticket), static_cast<std::uint32_t>(key.stream) << 24 | high32(key.ticket)};
}

}  // namespace

PhiloxBlock philox(PhiloxBlock counter, std::uint64_t key) {
  return rounds(counter, key);
}

Draws::Draws(const DrawKey& key) : key_(key) {
  constexpr std::uint64_t kTicketLimit = std::uint64_t{1} << 56;
  QTOT_CHECK_LT(key.ticket, kTicketLimit);
}

std::uint32_t Draws::bits32() {
  const std::uint32_t word = n_drawn_ % kWordsPerBlock;
  if (word == 0) {
    const std::uint32_t block = n_drawn_ / kWordsPerBlock;
    QTOT_CHECK_LT(block, kBlocksPerKey);
    block_ = philox(counter_of(key_, block), key_.seed);
  }
  ++n_drawn_;
  return block_[word];
}

std::uint64_t Draws::bits64() {
  const std::uint64_t high = bits32();
  return high << 32 | bits32();
}

double Draws::uniform() {
  constexpr int kDroppedBits = 11;
  constexpr double kLastPlace = 0x1p-53;
  return static_cast<double>(bits64() >> kDroppedBits) * kLastPlace;
}

std::uint32_t Draws::below(std::uint32_t n) {
  QTOT_CHECK_GE(n, 1u);
  // The high word of bits * n is the number; the low word tells whether the draw is one of the
  // 2^32 mod n that would make some numbers likelier than others.
  std::uint64_t product = std::uint64_t{bits32()} * n;
  if (low32(product) < n) {
    const std::uint32_t surplus = (0u - n) % n;
    while (low32(product) < surplus) product = std::uint64_t{bits32()} * n;
  }
  return high32(product);
}

void shuffle(Draws& draws, std::span<int> x) {
  for (std::size_t i = x.size(); i > 1; --i) {
    std::swap(x[i - 1], x[draws.below(static_cast<std::uint32_t>(i))]);
  }
}

void sample_without_replacement(const DrawKey& key, std::uint64_t n, std::span<std::uint64_t> out) {
  constexpr std::uint64_t kNumberLimit = std::uint64_t{1} << 32;
  constexpr std::uint64_t kIndexLimit = std::uint64_t{1} << 16;
  const std::uint64_t count = out.size();
  QTOT_CHECK_LE(count, n);
  QTOT_CHECK_LT(n, kNumberLimit);
  QTOT_CHECK_LE(key.index + count, kIndexLimit);

  // out[0 .. i) is the sample of [0, top) so far, ascending.
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t top = n - count + i;
    DrawKey element = key;
    element.index = static_cast<std::uint16_t>(key.index + i);
    const std::uint64_t drawn = Draws(element).below(static_cast<std::uint32_t>(top + 1));
    const auto end = out.begin() + static_cast<std::ptrdiff_t>(i);
    const auto place = std::lower_bound(out.begin(), end, drawn);
    if (place != end && *place == drawn) {
      *end = top;
    } else {
      std::copy_backward(place, end, end + 1);
      *place = drawn;
    }
  }
}

}  // namespace qtot::math
