#include "qtot/config/training_keys.h"

#include <algorithm>

namespace qtot::config {
namespace {

auto find(const KeyTexts& keys, const std::string& key) {
  return std::ranges::find(keys, key, [](const auto& pair) { return pair.first; });
}

// Those of the environment stand apart.
bool is_training_key(const OptionInfo& option) {
  return option.training && option.key != "env_args";
}

std::string value_in(const KeyTexts& keys, const std::string& key) {
  const auto found = find(keys, key);
  return found == keys.end() ? "(nothing)" : found->second;
}

}  // namespace

KeyTexts training_keys(const ReadConfig& config) {
  KeyTexts keys;
  for (const OptionInfo& option : config.options) {
    if (is_training_key(option)) keys.emplace_back(option.key, option.value);
  }
  for (const auto& [key, value] : config.config.env_args) {
    keys.emplace_back("env_args." + key, value.text());
  }
  return keys;
}

KeyTexts with_new_keys(KeyTexts earlier, const ReadConfig& now) {
  const auto of_preset = [name = now.config.preset](const std::string& key) -> const Value* {
    const auto preset = std::ranges::find(presets(), name, &Preset::name);
    return preset == presets().end() ? nullptr : config::find(preset->values, key);
  };
  for (const OptionInfo& option : now.options) {
    const bool is_known = find(earlier, option.key) != earlier.end();
    if (!is_training_key(option) || is_known) continue;
    const Value* const value = of_preset(option.key);
    earlier.emplace_back(option.key, value == nullptr ? option.default_value : value->text());
  }
  return earlier;
}

std::optional<KeyDifference> first_difference(const KeyTexts& a, const KeyTexts& b) {
  for (const auto& [key, value] : a) {
    const std::string other = value_in(b, key);
    if (other != value) return KeyDifference{.key = key, .in_a = value, .in_b = other};
  }
  for (const auto& [key, value] : b) {
    const std::string other = value_in(a, key);
    if (other != value) return KeyDifference{.key = key, .in_a = other, .in_b = value};
  }
  return std::nullopt;
}

}  // namespace qtot::config
