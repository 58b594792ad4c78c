#include "qtot/report/run_record.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "qtot/base/error.h"
#include "qtot/base/files.h"
#include "qtot/yaml/yaml.h"

namespace qtot::report {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::uint64_t kMaxMetricsBytes = std::uint64_t{1} << 30;
constexpr std::int64_t kMaxStep = std::int64_t{1} << 53;  // a double holds every one
constexpr double kMaxValue = 1e100;                       // sums of such values are finite
constexpr int kMaxDepth = 8;                              // of folders below the one that was named

std::vector<std::string> reporting_names() {
  config::TrainingConfig defaults;
  config::Options options;
  defaults.options(options);
  std::vector<std::string> names;
  for (const config::OptionInfo& option : options.infos()) {
    if (!option.training) names.push_back(option.key);
  }
  return names;
}

void add_keys(const config::Map& map, const std::string& prefix, RunRecord& run) {
  static const std::vector<std::string> reporting = reporting_names();
  for (const auto& [key, value] : map) {
    if (const auto* inner = std::get_if<config::Map>(&value.data)) {
      add_keys(*inner, prefix + key + ".", run);
      continue;
    }
    const auto* text = std::get_if<std::string>(&value.data);
    const std::string shown = text != nullptr ? *text : value.text();
    const std::string name = prefix + key;
    if (name == "seed") {
      run.seed = shown;
    } else if (std::ranges::find(reporting, name) != reporting.end()) {
      run.reporting.emplace_back(name, shown);
    } else {
      run.training.emplace_back(name, shown);
    }
  }
}

void add_record(std::string_view line, const std::string& place, RunRecord& run) {
  const Json record = Json::parse(line, nullptr, false);  // no exception: discarded when not JSON
  if (!record.is_object()) throw Error(place + ": expected a JSON object, found another text");
  const auto t_env = record.find("t_env");
  if (t_env == record.end() || !t_env->is_number_integer()) {
    throw Error(place + ": expected an integer \"t_env\"");
  }
  const auto now = t_env->get<std::int64_t>();
  if (now < 0 || now > kMaxStep) {
    throw Error(place + ": expected a \"t_env\" from 0 to 2^53, found " + t_env->dump());
  }
  for (const auto& [name, value] : record.items()) {
    if (name == "t_env" || name == "episode" || name == "update") continue;
    const double number = value.is_number() ? value.get<double>() : 0;
    if (!value.is_number() || number > kMaxValue || number < -kMaxValue) {
      throw Error(place + ": expected a number within 1e100 for \"" + name + "\", found " +
                  value.dump());
    }
    Samples& samples = run.metrics[name];
    if (!samples.empty() && samples.back().t_env >= now) {
      throw Error(place + ": \"" + name + "\" at t_env " + std::to_string(now) +
                  " stands behind one at t_env " + std::to_string(samples.back().t_env));
    }
    samples.push_back({.t_env = now, .value = number});
  }
}

void add_metrics(const fs::path& path, RunRecord& run) {
  const std::string text = read_file(path, kMaxMetricsBytes);
  std::size_t begin = 0;
  for (std::size_t line = 1;; ++line) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) return;
    add_record(std::string_view(text).substr(begin, end - begin),
               path.string() + ":" + std::to_string(line), run);
    begin = end + 1;
  }
}

// Breadth first, so that no depth is a risk; links are not followed.
std::vector<fs::path> folders_with_config(const fs::path& top) {
  std::vector<fs::path> found;
  std::vector<fs::path> level = {top};
  for (int depth = 0; depth <= kMaxDepth && !level.empty(); ++depth) {
    std::vector<fs::path> next;
    for (const fs::path& folder : level) {
      if (fs::exists(folder / "config.yaml")) {
        found.push_back(folder);
        continue;
      }
      std::error_code error;
      for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
        if (entry.is_directory(error) && !entry.is_symlink(error)) next.push_back(entry.path());
      }
    }
    level = std::move(next);
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace

std::string RunRecord::value_of(const std::string& key) const {
  const std::string name = key == "config" ? "name" : key;
  if (name == "seed") return seed;
  for (const KeyTexts* keys : {&training, &reporting}) {
    for (const auto& [known, value] : *keys) {
      if (known == name) return value;
    }
  }
  return "";
}

RunRecord read_run(const fs::path& folder) {
  RunRecord run;
  run.folder = folder;
  run.is_finished = fs::exists(folder / "summary.json");
  add_keys(yaml::load_file((folder / "config.yaml").string()), "", run);
  // a run that is just beginning has no metrics yet
  const fs::path metrics = folder / "metrics.jsonl";
  if (run.is_finished || fs::exists(metrics)) add_metrics(metrics, run);
  return run;
}

std::vector<fs::path> find_runs(const fs::path& path) {
  if (!fs::is_directory(path)) {
    throw Error(path.string() + ": expected a run folder or a folder of runs, found " +
                (fs::exists(path) ? "no folder" : "nothing there"));
  }
  std::vector<fs::path> found = folders_with_config(path);
  if (found.empty()) {
    throw Error(path.string() +
                ": expected a run, which has a config.yaml and a metrics.jsonl, in " +
                "it or below, found none");
  }
  return found;
}

}  // namespace qtot::report
