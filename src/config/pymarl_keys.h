#pragma once

#include <span>
#include <string_view>

namespace qtot::config {

/// A key of PyMARL or PyMARL2 that qtot takes and does not use.
struct PymarlKey {
  std::string_view key;
  std::string_view allowed;  // text()s of the values that change nothing, by "|"; "*": any
  std::string_view instead;  // what to do, where qtot has another way; may be ""
};

std::span<const PymarlKey> pymarl_keys();

}  // namespace qtot::config
