#include "qtot/report/groups.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <map>
#include <set>

#include "qtot/base/error.h"

namespace qtot::report {
namespace {

const std::string kEnv = "env";
const std::string kMapName = "env_args.map_name";
const std::string kName = "name";

bool is_of_environment(const std::string& key) {
  return key == kEnv || key.starts_with("env_args.");
}

std::string value_in(const KeyTexts& keys, const std::string& key) {
  const auto found = std::ranges::find(keys, key, [](const auto& pair) { return pair.first; });
  return found == keys.end() ? "" : found->second;
}

// The keys of the environment, or the run's name and its other training keys: what labels are made of.
KeyTexts environment_keys(const RunRecord& run) {
  KeyTexts keys;
  for (const auto& [key, value] : run.training) {
    if (is_of_environment(key)) keys.emplace_back(key, value);
  }
  return keys;
}

KeyTexts algorithm_keys(const RunRecord& run) {
  KeyTexts keys = {{kName, run.value_of(kName)}};
  for (const auto& [key, value] : run.training) {
    if (!is_of_environment(key)) keys.emplace_back(key, value);
  }
  return keys;
}

KeyTexts sorted(KeyTexts keys) {
  std::ranges::sort(keys);
  return keys;
}

std::uint64_t number_of(const std::string& seed) {
  std::uint64_t number = 0;
  std::from_chars(seed.data(), seed.data() + seed.size(), number);
  return number;
}

// Settings in their order: environment, name, then everything that tells them apart.
struct Setting {
  KeyTexts environment, algorithm, identity;
  std::vector<const RunRecord*> runs;
};

std::vector<Setting> settings_of(const std::vector<RunRecord>& runs) {
  std::map<KeyTexts, Setting> by_identity;
  for (const RunRecord& run : runs) {
    const KeyTexts identity = sorted(run.training);
    Setting& setting = by_identity[identity];
    setting.identity = identity;
    setting.runs.push_back(&run);
  }
  std::vector<Setting> settings;
  for (auto& [identity, setting] : by_identity) {
    std::ranges::sort(setting.runs, [](const RunRecord* a, const RunRecord* b) {
      const std::uint64_t seed_a = number_of(a->seed), seed_b = number_of(b->seed);
      return seed_a != seed_b ? seed_a < seed_b : a->folder < b->folder;
    });
    for (std::size_t i = 1; i < setting.runs.size(); ++i) {
      if (setting.runs[i]->seed != setting.runs[i - 1]->seed) continue;
      throw Error("the runs " + setting.runs[i - 1]->folder.string() + " and " +
                  setting.runs[i]->folder.string() + " have the same training keys and seed " +
                  setting.runs[i]->seed + ": they are one run, which counts once");
    }
    setting.environment = environment_keys(*setting.runs.front());
    setting.algorithm = algorithm_keys(*setting.runs.front());
    settings.push_back(std::move(setting));
  }
  std::ranges::sort(settings, [](const Setting& a, const Setting& b) {
    if (a.environment != b.environment) return a.environment < b.environment;
    if (a.algorithm.front() != b.algorithm.front())
      return a.algorithm.front() < b.algorithm.front();
    return a.identity < b.identity;
  });
  return settings;
}

// Environment and map of each setting, with as many of the other arguments as it takes to tell them apart.
// A map that is called like its environment says nothing more.
std::vector<std::string> panels_of(const std::vector<Setting>& settings) {
  std::vector<KeyTexts> items;
  for (const Setting& setting : settings) {
    items.push_back(setting.environment);
    const std::string env = value_in(items.back(), kEnv);
    std::erase_if(items.back(),
                  [&](const auto& pair) { return pair.first == kMapName && pair.second == env; });
  }
  return short_labels(items, {kEnv, kMapName}, {kEnv, kMapName});
}

// One group a setting.
std::vector<Group> groups_of(const std::vector<Setting>& settings) {
  const std::vector<std::string> panels = panels_of(settings);
  std::vector<Group> groups;
  for (std::size_t begin = 0; begin < settings.size();) {
    std::size_t end = begin;
    std::vector<KeyTexts> items;
    while (end < settings.size() && panels[end] == panels[begin]) {
      items.push_back(settings[end++].algorithm);
    }
    const std::vector<std::string> labels = short_labels(items, {kName}, {kName});
    for (std::size_t i = begin; i < end; ++i) {
      groups.push_back({.panel = panels[i],
                        .label = labels[i - begin],
                        .name = "",
                        .strata = {settings[i].runs}});
    }
    begin = end;
  }
  return groups;
}

std::string label_by(const RunRecord& run, const std::vector<std::string>& keys) {
  std::string label;
  for (const std::string& key : keys) {
    const bool is_bare = key == "config" || key == kName || key == kEnv || key == kMapName;
    label += (label.empty() ? "" : ", ") + (is_bare ? "" : key + "=") + run.value_of(key);
  }
  return label;
}

std::vector<Group> groups_by(const std::vector<Setting>& settings,
                             const std::vector<std::string>& keys) {
  const std::vector<std::string> panels = panels_of(settings);
  std::vector<Group> groups;
  std::vector<std::set<std::string>> panels_of_group;
  for (std::size_t i = 0; i < settings.size(); ++i) {
    // `name` may differ within a setting, and the seed may be asked for
    std::map<std::string, std::vector<const RunRecord*>> parts;
    for (const RunRecord* run : settings[i].runs) parts[label_by(*run, keys)].push_back(run);
    for (const auto& [label, runs] : parts) {
      auto found = std::ranges::find(groups, label, &Group::label);
      if (found == groups.end()) {
        found =
            groups.insert(groups.end(), {.panel = "", .label = label, .name = "", .strata = {}});
        panels_of_group.emplace_back();
      }
      found->strata.push_back(runs);
      panels_of_group[static_cast<std::size_t>(found - groups.begin())].insert(panels[i]);
    }
  }
  // within a panel the environment's own keys say nothing more
  std::vector<std::string> others;
  std::ranges::copy_if(keys, std::back_inserter(others),
                       [](const std::string& key) { return !is_of_environment(key); });
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const std::set<std::string>& names = panels_of_group[i];
    const bool one_panel = names.size() == 1;
    groups[i].panel = one_panel ? *names.begin() : std::to_string(names.size()) + " environments";
    const RunRecord& run = *groups[i].strata.front().front();
    if (one_panel && !others.empty()) groups[i].label = label_by(run, others);
  }
  return groups;
}

void require_known(const std::vector<RunRecord>& runs, const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    const bool is_known =
        std::ranges::any_of(runs, [&](const RunRecord& run) { return !run.value_of(key).empty(); });
    if (is_known) continue;
    std::vector<std::string> known = {"config", "seed"};
    for (const auto& [name, value] : runs.front().training) known.push_back(name);
    const std::string near = config::nearest(key, known);
    throw Error("--group-by " + key + ": no run has such a key" +
                (near.empty() ? "" : "; did you mean " + near + "?"));
  }
}

}  // namespace

std::size_t Group::n_runs() const {
  std::size_t n = 0;
  for (const auto& runs : strata) n += runs.size();
  return n;
}

std::vector<Group> group_runs(const std::vector<RunRecord>& runs,
                              const std::vector<std::string>& group_by) {
  if (runs.empty()) return {};
  require_known(runs, group_by);
  const std::vector<Setting> settings = settings_of(runs);
  std::vector<Group> groups =
      group_by.empty() ? groups_of(settings) : groups_by(settings, group_by);
  std::ranges::stable_sort(groups, {}, &Group::panel);
  const bool one_panel = groups.front().panel == groups.back().panel;
  for (Group& group : groups) {
    group.name = one_panel ? group.label : group.panel + ": " + group.label;
  }
  return groups;
}

std::vector<std::string> short_labels(const std::vector<KeyTexts>& items,
                                      const std::vector<std::string>& always,
                                      const std::vector<std::string>& bare) {
  std::vector<std::string> labels(items.size());
  const auto with = [&](const std::string& key) {
    const bool is_bare = std::ranges::find(bare, key) != bare.end();
    const std::string shown = key.starts_with("env_args.") ? key.substr(9) : key;
    std::vector<std::string> longer = labels;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::string value = value_in(items[i], key);
      if (value.empty()) continue;
      longer[i] += (longer[i].empty() ? "" : " ") + (is_bare ? value : shown + "=" + value);
    }
    return longer;
  };
  const auto n_distinct = [](const std::vector<std::string>& texts) {
    return std::set<std::string>(texts.begin(), texts.end()).size();
  };
  for (const std::string& key : always) labels = with(key);
  std::set<std::string> seen(always.begin(), always.end());
  for (const KeyTexts& item : items) {
    for (const auto& [key, value] : item) {
      if (!seen.insert(key).second) continue;
      const std::vector<std::string> longer = with(key);
      if (n_distinct(longer) > n_distinct(labels)) labels = longer;
    }
  }
  return labels;
}

}  // namespace qtot::report
