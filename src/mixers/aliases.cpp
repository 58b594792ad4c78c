#include "qtot/mixers/aliases.h"

#include <array>
#include <string_view>

namespace qtot::mixers {
namespace {

constexpr std::string_view kPrefix = "mixer.";

struct Alias {
  std::string_view peer;
  std::string_view ours;
};
constexpr std::array<Alias, 4> kAliases = {{
    {"hyper_w_1", "hyper_w1"},
    {"hyper_w_final", "hyper_w2"},
    {"hyper_b_1", "hyper_b1"},
    {"V", "hyper_b2"},
}};

bool has_layer_index(std::string_view rest) {
  return rest.starts_with(".0.") || rest.starts_with(".2.");
}

}  // namespace

std::string canonical_name(const std::string& peer_name) {
  std::string_view name = peer_name;
  const bool has_prefix = name.starts_with(kPrefix);
  if (has_prefix) name.remove_prefix(kPrefix.size());

  for (const Alias& alias : kAliases) {
    if (!name.starts_with(alias.peer)) continue;
    const std::string_view rest = name.substr(alias.peer.size());  // ".0.weight" or ".weight"
    if (!rest.starts_with('.')) continue;
    std::string ours = has_prefix ? std::string(kPrefix) : std::string();
    ours += alias.ours;
    if (!has_layer_index(rest)) ours += ".0";
    return ours += rest;
  }
  return peer_name;
}

}  // namespace qtot::mixers
