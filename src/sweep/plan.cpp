#include "qtot/sweep/plan.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>

#include "qtot/base/error.h"

namespace qtot::sweep {
namespace {

constexpr std::size_t kMaxRuns = 10000;
constexpr std::size_t kMaxNameSize = 200;  // file systems end at 255

// Of what the choices differ in: a part of the name, and what it stands for.
struct Axis {
  enum class Kind { kEnvConfig, kConfig, kAssignment };

  Kind kind = Kind::kAssignment;
  std::string key;  // of an assignment
  std::vector<std::string> values;
};

std::string shortened(const std::string& text) {
  constexpr std::size_t kShown = 80;
  return text.size() <= kShown ? text : text.substr(0, kShown) + "...";
}

std::uint64_t parse_seed(std::string_view text, const std::string& all) {
  std::uint64_t seed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw Error("--seeds " + shortened(all) + ": expected seeds like 1,2,3 or 1-3, found \"" +
                shortened(std::string(text)) + "\"");
  }
  return seed;
}

std::string in_file_name(const std::string& value) {
  std::string name;
  for (const char c : value) {
    if (std::string_view("[]{}\"' ").find(c) != std::string_view::npos) continue;
    const bool stays = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       std::string_view("._=+-").find(c) != std::string_view::npos;
    name += stays ? c : '_';
  }
  return name;
}

// my/algs/qmix.yaml is called qmix, pymarl2/qmix pymarl2_qmix.
std::string config_in_file_name(const std::string& config) {
  const bool is_file = config.ends_with(".yaml") || config.ends_with(".yml");
  return in_file_name(is_file ? std::filesystem::path(config).stem().string() : config);
}

void add_to(Choice& choice, const Axis& axis, const std::string& value) {
  const std::string glue = choice.name.empty() ? "" : "-";
  switch (axis.kind) {
    case Axis::Kind::kEnvConfig:
      choice.env_config = value;
      choice.name += glue + config_in_file_name(value);
      break;
    case Axis::Kind::kConfig:
      choice.config = value;
      choice.name += glue + config_in_file_name(value);
      break;
    case Axis::Kind::kAssignment:
      choice.assignments.push_back(axis.key + "=" + value);
      if (axis.values.size() > 1 || axis.key == "seed") {
        choice.name += glue + in_file_name(axis.key) + "=" + in_file_name(value);
      }
  }
}

Axis assignment_axis(const std::string& word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw Error(shortened(word) + " (command line): expected key=value or key=value,value,...");
  }
  const std::string key = word.substr(0, equals);
  const std::string values = word.substr(equals + 1);
  if (values.empty()) return {.kind = Axis::Kind::kAssignment, .key = key, .values = {""}};
  return {.kind = Axis::Kind::kAssignment, .key = key, .values = split_values(values, key)};
}

Axis seed_axis(const std::string& seeds) {
  Axis axis{.kind = Axis::Kind::kAssignment, .key = "seed", .values = {}};
  for (const std::uint64_t seed : parse_seeds(seeds)) axis.values.push_back(std::to_string(seed));
  return axis;
}

std::vector<Axis> axes_of(const Request& request) {
  std::vector<Axis> axes;
  if (!request.env_config.empty()) {
    axes.push_back({.kind = Axis::Kind::kEnvConfig,
                    .key = "",
                    .values = split_values(request.env_config, "--env-config")});
  }
  if (!request.config.empty()) {
    axes.push_back({.kind = Axis::Kind::kConfig,
                    .key = "",
                    .values = split_values(request.config, "--config")});
  }
  const auto is_seed = [](const Axis& axis) { return axis.key == "seed"; };
  std::vector<Axis> assigned;
  for (const std::string& word : request.assignments) assigned.push_back(assignment_axis(word));
  for (std::size_t i = 0; i < assigned.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (assigned[i].key == assigned[j].key) {
        throw Error(assigned[i].key + " (command line): given twice");
      }
    }
  }
  if (!request.seeds.empty()) {
    if (std::ranges::any_of(assigned, is_seed)) {
      throw Error("seed (command line): given twice, by --seeds, too");
    }
    assigned.push_back(seed_axis(request.seeds));
  }
  std::stable_partition(assigned.begin(), assigned.end(),
                        [&](const Axis& axis) { return !is_seed(axis); });
  axes.insert(axes.end(), assigned.begin(), assigned.end());
  return axes;
}

void require_names(const std::vector<Choice>& choices) {
  std::map<std::string, const Choice*> by_name;
  for (const Choice& choice : choices) {
    if (choice.name.size() > kMaxNameSize) {
      throw Error("the folder " + choice.name.substr(0, kMaxNameSize) + "... of the sweep has a " +
                  "name of " + std::to_string(choice.name.size()) +
                  " characters, expected at most " + std::to_string(kMaxNameSize) +
                  "; put values into a file for --config");
    }
    if (!by_name.emplace(choice.name, &choice).second) {
      throw Error("two runs of the sweep would share the folder " + choice.name +
                  "; their values differ in characters that a folder's name does not hold");
    }
  }
}

}  // namespace

std::vector<std::string> split_values(const std::string& text, const std::string& what) {
  std::vector<std::string> values(1);
  int depth = 0;
  char quote = '\0';
  for (const char c : text) {
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    } else if (c == ',' && depth <= 0) {
      values.emplace_back();
      continue;
    }
    values.back() += c;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].empty()) {
      throw Error(what + " = " + shortened(text) + " (command line): expected values with commas " +
                  "between, found an empty one");
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (values[i] != values[j]) continue;
      throw Error(what + " = " + shortened(text) + " (command line): " + shortened(values[i]) +
                  " stands twice");
    }
    if (values.size() > kMaxRuns) {
      throw Error(what + " (command line): expected at most " + std::to_string(kMaxRuns) +
                  " values, found " + std::to_string(values.size()));
    }
  }
  return values;
}

std::vector<std::uint64_t> parse_seeds(const std::string& text) {
  std::vector<std::uint64_t> seeds;
  for (const std::string& part : split_values(text, "--seeds")) {
    const std::size_t dash = part.find('-');
    const std::uint64_t first = parse_seed(std::string_view(part).substr(0, dash), text);
    const std::uint64_t last = dash == std::string::npos
                                   ? first
                                   : parse_seed(std::string_view(part).substr(dash + 1), text);
    if (last < first || last - first >= kMaxRuns - seeds.size()) {
      throw Error("--seeds " + shortened(text) + ": expected an ascending range and at most " +
                  std::to_string(kMaxRuns) + " seeds, found \"" + shortened(part) + "\"");
    }
    for (std::uint64_t i = 0; i <= last - first; ++i) seeds.push_back(first + i);
  }
  std::vector<std::uint64_t> sorted = seeds;
  std::ranges::sort(sorted);
  const auto twice = std::ranges::adjacent_find(sorted);
  if (twice != sorted.end()) {
    throw Error("--seeds " + shortened(text) + ": " + std::to_string(*twice) + " stands twice");
  }
  return seeds;
}

Part parse_part(const std::string& text) {
  const char* const end = text.data() + text.size();
  Part part{.number = 0, .n_parts = 0};
  const auto number = std::from_chars(text.data(), end, part.number);
  const bool has_slash = number.ec == std::errc() && number.ptr != end && *number.ptr == '/';
  const auto n_parts = std::from_chars(has_slash ? number.ptr + 1 : end, end, part.n_parts);
  if (n_parts.ec != std::errc() || n_parts.ptr != end || part.number < 1 ||
      part.number > part.n_parts || part.n_parts > kMaxRuns) {
    throw Error("--part " + shortened(text) +
                ": expected I/N like 2/8, with I from 1 to N, and N " + "at most " +
                std::to_string(kMaxRuns));
  }
  return part;
}

std::vector<Choice> plan(const Request& request) {
  std::vector<Choice> choices(1);
  for (const Axis& axis : axes_of(request)) {
    if (choices.size() * axis.values.size() > kMaxRuns) {
      throw Error("the sweep has more than " + std::to_string(kMaxRuns) + " runs");
    }
    std::vector<Choice> longer;
    for (const Choice& choice : choices) {
      for (const std::string& value : axis.values) {
        longer.push_back(choice);
        add_to(longer.back(), axis, value);
      }
    }
    choices = std::move(longer);
  }
  for (Choice& choice : choices) {
    if (choice.name.empty()) choice.name = "run";
    if (choice.name.starts_with('.'))
      choice.name.insert(0, "_");  // neither hidden nor a folder above
  }
  require_names(choices);
  return choices;
}

}  // namespace qtot::sweep
