#include "bridge/mutation.h"

#include <bit>

#include "support/random.h"

namespace qtot::test {
namespace {

using bridge::Kind;

std::string framed(Kind kind, std::uint64_t sequence, const std::string& payload) {
  return bridge::frame_of(kind, sequence, bridge::bytes_of(payload));
}

void put_u32(std::string& bytes, std::size_t at, std::uint32_t value) {
  bridge::store(value, reinterpret_cast<std::uint8_t*>(bytes.data()) + at);
}

// A header may be wrong although its CRC is right.
void mend_crc(std::string& frame) {
  const bridge::Bytes bytes = bridge::bytes_of(frame);
  put_u32(frame, 20,
          bridge::crc_of(bytes.first(bridge::kHeaderBytes), bytes.subspan(bridge::kHeaderBytes)));
}

constexpr std::size_t kRewardsAt = 8, kObsAt = 16, kStateAt = kObsAt + 4 * 8,
                      kAvailAt = kStateAt + 4 * 5;

// Well framed, and senseless.
std::string senseless_slot(std::uint32_t which, std::string payload) {
  constexpr std::uint32_t kNaN = 0x7fc00000, kInfinity = 0x7f800000;
  switch (which % 12) {
    case 0:
      put_u32(payload, 0, bridge::kTerminated | bridge::kTruncated);
      break;
    case 1:
      put_u32(payload, 0, 8);
      break;
    case 2:
      put_u32(payload, 0, bridge::kWon);
      break;
    case 3:
      put_u32(payload, 0, bridge::kTruncated | bridge::kWon);
      break;
    case 4:
      put_u32(payload, 4, 1);
      break;
    case 5:
      put_u32(payload, kRewardsAt + 4, 0x7ff80000);
      break;
    case 6:
      put_u32(payload, kRewardsAt + 4, 0x7e000000);  // finite, but no float
      break;
    case 7:
      put_u32(payload, kObsAt + 4 * 7, kNaN);
      break;
    case 8:
      put_u32(payload, kStateAt + 4 * 4, kInfinity);
      break;
    case 9:
      payload[kAvailAt + 5] = 2;
      break;
    case 10:
      for (std::size_t u = 3; u < 6; ++u) payload[kAvailAt + u] = 0;
      break;
    default:
      payload.resize(payload.size() - 1);
  }
  return payload;
}

std::string senseless_spec(std::uint32_t which) {
  const auto with = [](const std::string& from, const std::string& to) {
    std::string spec = evil_spec();
    return spec.replace(spec.find(from), from.size(), to);
  };
  switch (which % 16) {
    case 0:
      return "";
    case 1:
      return "null";
    case 2:
      return "{\"n_agents\": 2";
    case 3:
      return with("\"n_agents\":2", "\"n_agents\":0");
    case 4:
      return with("\"n_agents\":2", "\"n_agents\":-1");
    case 5:
      return with("\"n_agents\":2", "\"n_agents\":4000000000");
    case 6:
      return with("\"n_agents\":2", "\"n_agents\":18446744073709551615");
    case 7:
      return with("\"n_agents\":2", "\"n_agents\":2.0");
    case 8:
      return with("\"obs_dim\":4", "\"obs_dim\":\"4\"");
    case 9:
      return with("\"n_agents\":2,\"n_actions\":3,\"obs_dim\":4",
                  "\"n_agents\":4096,\"n_actions\":65536,\"obs_dim\":1048576");
    case 10:
      return with("\"n_actions_of\":[3,3]", "\"n_actions_of\":[3]");
    case 11:
      return with("\"n_actions_of\":[3,3]", "\"n_actions_of\":[3,4]");
    case 12:
      return with("\"obs_dim_of\":[4,4]", "\"obs_dim_of\":4");
    case 13:
      return with("\"episode_limit\":3", "\"episode_limit\":0");
    case 14:
      return with("\"reports_wins\":true", "\"reports_wins\":1");
    default:
      return std::string(100000, '[');
  }
}

std::string bytes_from(Random& random, std::size_t n) {
  std::string bytes;
  for (std::size_t k = 0; k < n; ++k) bytes += static_cast<char>(random.below(256));
  return bytes;
}

}  // namespace

Victim victim_of(std::uint64_t mutation) {
  return static_cast<Victim>(mutation % 3);
}

std::string evil_spec() {
  return "{\"n_agents\":2,\"n_actions\":3,\"obs_dim\":4,\"state_dim\":5,\"episode_limit\":3,"
         "\"reports_wins\":true,\"has_agent_rewards\":false,\"n_actions_of\":[3,3],"
         "\"obs_dim_of\":[4,4]}";
}

std::string evil_slot(int step) {
  std::string payload(kAvailAt + 6, '\0');
  if (step == kEvilLimit) put_u32(payload, 0, bridge::kTerminated | bridge::kWon);
  bridge::store(std::bit_cast<std::uint64_t>(0.25 * step),
                reinterpret_cast<std::uint8_t*>(payload.data()) + kRewardsAt);
  for (std::size_t k = 0; k < 13; ++k) {
    const float x = static_cast<float>(step) + 0.5F * static_cast<float>(k);
    put_u32(payload, kObsAt + 4 * k, std::bit_cast<std::uint32_t>(x));
  }
  for (std::size_t u = 0; u < 6; ++u) payload[kAvailAt + u] = u % 3 == 0 || step % 2 == 0 ? 1 : 0;
  return payload;
}

std::string mutated(std::uint64_t mutation, const std::string& frame, Kind kind,
                    std::uint64_t sequence, const std::string& payload) {
  Random random(mutation);
  std::string bytes = frame;
  const auto at = static_cast<std::size_t>(random.below(static_cast<int>(frame.size())));
  const auto n = static_cast<std::uint32_t>(1 + random.below(12));
  const auto which = static_cast<std::uint32_t>(random.below(16));
  switch (mutation / 3 % 16) {
    case 0:
      break;
    case 1:
      bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ (1U << (n % 8)));
      break;
    case 2:
      bytes.replace(at, n, bytes_from(random, n));
      break;
    case 3:
      bytes.resize(at);
      break;
    case 4:
      bytes += bytes_from(random, n);
      break;
    case 5:
      bytes.insert(at, bytes.substr(at, n));
      break;
    case 6:
      bytes.erase(at, n);
      break;
    case 7:
      put_u32(bytes, 16, which < 8 ? 2000 + 100 * which : 0xffffffff - which);
      mend_crc(bytes);
      break;
    case 8:
      return framed(kind, sequence + n, payload);
    case 9:
      return framed(static_cast<Kind>(static_cast<std::uint32_t>(kind) + 1 + n), sequence, payload);
    case 10:
      bytes[4] = static_cast<char>(1 + n);
      mend_crc(bytes);
      break;
    case 11:
      return bytes_from(random, 10 * n);
    case 12:
      return framed(Kind::kFault, sequence, bytes_from(random, 10 * n));
    case 13:
      return bytes + bytes;
    case 14:
      put_u32(bytes, 20, which);
      break;
    default:
      return framed(kind, sequence,
                    kind == Kind::kSpec ? senseless_spec(which) : senseless_slot(which, payload));
  }
  return bytes;
}

}  // namespace qtot::test
