#include <algorithm>
#include <charconv>
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "cli/verbs.h"
#include "qtot/base/files.h"
#include "qtot/report/report.h"
#include "qtot/report/svg.h"

namespace qtot::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct ReportArguments {
  std::vector<std::string> paths;
  std::string metric;
  std::string group_by;
  unsigned n_last = 3;
  unsigned n_smooth = 1;
  unsigned first_step = 0;
  std::string out, csv, title;
  std::string references;
  bool unfinished = false;
  bool json = false;
};

constexpr unsigned kMaxEvaluations = 10000;
constexpr unsigned kMaxSteps = 4000000000;

std::vector<report::RunRecord> read_runs(const ReportArguments& arguments) {
  std::set<fs::path> seen;  // a run that is named twice, by itself and by its sweep, counts once
  std::vector<report::RunRecord> runs;
  std::size_t n_unfinished = 0;
  for (const std::string& path : arguments.paths) {
    for (const fs::path& folder : report::find_runs(path)) {
      if (!seen.insert(fs::weakly_canonical(folder)).second) continue;
      report::RunRecord run = report::read_run(folder);
      if (run.is_finished || arguments.unfinished) {
        runs.push_back(std::move(run));
      } else {
        ++n_unfinished;
        std::cerr << "qtot: warning: " << folder.string()
                  << " is left out: it has no summary.json, so it is not finished (--unfinished)\n";
      }
    }
  }
  if (runs.empty()) {
    throw Error(arguments.paths.front() + ": expected a finished run, found " +
                std::to_string(n_unfinished) + " that are not; --unfinished takes them, too");
  }
  return runs;
}

std::vector<std::string> words_of(const std::string& list) {
  std::vector<std::string> words;
  std::istringstream text(list);
  for (std::string word; std::getline(text, word, ',');) {
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

std::string shown(double value) {
  std::ostringstream text;
  text.precision(4);
  text << value;
  return text.str();
}

std::string shown(double value, const report::Interval* interval) {
  if (interval == nullptr) return shown(value);
  return shown(value) + " [" + shown(interval->lo) + ", " + shown(interval->hi) + "]";
}

report::Reference read_reference(const std::string& text) {
  const std::size_t at = text.rfind('=');
  if (at != std::string::npos && at > 0) {
    const char* const begin = text.data() + at + 1;
    const char* const end = text.data() + text.size();
    report::Reference reference{.label = text.substr(0, at)};
    const auto read = std::from_chars(begin, end, reference.value);
    constexpr double kMost = 1e100;  // as of a metric
    if (read.ec == std::errc() && read.ptr == end && std::abs(reference.value) <= kMost) {
      return reference;
    }
  }
  throw Error("--reference " + text + ": expected LABEL=NUMBER");
}

void print_rows(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i] + std::string(widths[i] - row[i].size() + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    std::cout << line << '\n';
  }
}

void print_readable(const report::Report& report) {
  std::cout << report.metric << ", mean of the last " << report.n_last
            << " evaluations of each run; in brackets 95 % bootstrap intervals\n\n";
  std::vector<std::vector<std::string>> rows = {{"group", "runs", "mean", "median", "IQM"}};
  for (const report::GroupReport& group : report.groups) {
    const auto* all = group.intervals ? &*group.intervals : nullptr;
    rows.push_back({group.name, std::to_string(group.runs.size()),
                    shown(group.mean, all != nullptr ? &all->mean : nullptr),
                    shown(group.median, all != nullptr ? &all->median : nullptr),
                    shown(group.iqm, all != nullptr ? &all->iqm : nullptr)});
  }
  print_rows(rows);
}

Json json_of(double value, const report::Interval* interval) {
  Json json = {{"value", value}};
  if (interval != nullptr) {
    json["lo"] = interval->lo;
    json["hi"] = interval->hi;
  }
  return json;
}

void print_json(const report::Report& report) {
  Json json = {{"metric", report.metric},
               {"last_evaluations", report.n_last},
               {"resamples", report::kResamples},
               {"groups", Json::array()}};
  for (const report::GroupReport& group : report.groups) {
    const auto* all = group.intervals ? &*group.intervals : nullptr;
    Json entry = {{"group", group.name},
                  {"environment", group.panel},
                  {"n", group.runs.size()},
                  {"mean", json_of(group.mean, all != nullptr ? &all->mean : nullptr)},
                  {"median", json_of(group.median, all != nullptr ? &all->median : nullptr)},
                  {"iqm", json_of(group.iqm, all != nullptr ? &all->iqm : nullptr)},
                  {"runs", Json::array()}};
    for (std::size_t i = 0; i < group.runs.size(); ++i) {
      entry["runs"].push_back({{"run", group.runs[i]}, {"final", group.finals[i]}});
    }
    json["groups"].push_back(entry);
  }
  std::cout << json.dump(2) << '\n';
}

ExitCode run(const ReportArguments& arguments) {
  std::vector<report::Reference> references;
  for (const std::string& text : words_of(arguments.references))
    references.push_back(read_reference(text));
  if (!references.empty() && arguments.out.empty()) {
    throw Error("--reference is drawn into the SVG of --out, which is missing");
  }
  const std::vector<report::RunRecord> runs = read_runs(arguments);
  const report::Report report = report::make_report(runs, {.metric = arguments.metric,
                                                           .group_by = words_of(arguments.group_by),
                                                           .n_last = arguments.n_last,
                                                           .n_smooth = arguments.n_smooth,
                                                           .first_step = arguments.first_step});
  if (!arguments.csv.empty()) write_file_atomically(arguments.csv, report::csv(report));
  if (!arguments.out.empty()) {
    write_file_atomically(arguments.out, report::svg(report, arguments.title, references));
  }
  arguments.json ? print_json(report) : print_readable(report);
  return ExitCode::kDone;
}

}  // namespace

void add_report(Verb& app) {
  Verb verb = app.verb("report", "Statistics and learning curves of many runs");
  verb.footer(
      "Runs that differ only in their seed are one group. Example:\n"
      "  qtot report sweeps/a --out curves.svg --csv curves.csv\n"
      "Of a run folder only config.yaml, metrics.jsonl and summary.json are read.");
  auto arguments = std::make_shared<ReportArguments>();
  verb.option("paths", arguments->paths, "run folders, or folders with runs below them")
      .required()
      .type_name("RUN_OR_FOLDER");
  verb.option("--metric", arguments->metric,
              "name in metrics.jsonl (default: test_battle_won_mean, or else test_return_mean)")
      .type_name("NAME");
  verb.option("--group-by", arguments->group_by,
              "keys, with commas between: runs equal in these are one group (config: the name)")
      .type_name("KEYS");
  verb.option("--last", arguments->n_last, "evaluations in a run's final figure (default: 3)")
      .range(1U, kMaxEvaluations);
  verb.option("--smooth", arguments->n_smooth,
              "running mean of curves over so many evaluations (default: 1, none)")
      .range(1U, kMaxEvaluations);
  verb.option("--from", arguments->first_step,
              "step at which curves begin; what comes before is left out of them (default: 0)")
      .range(0U, kMaxSteps);
  verb.option("--out", arguments->out, "learning curves as SVG").type_name("FILE.svg");
  verb.option("--csv", arguments->csv, "the same figures step by step").type_name("FILE");
  verb.option("--title", arguments->title, "heading of the SVG (default: the metric)");
  verb.option(
          "--reference", arguments->references,
          "figures of others, with commas between: dashed lines in the SVG, each in the colour of "
          "the group of its label")
      .type_name("LABEL=NUMBER,...");
  verb.flag("--unfinished", arguments->unfinished, "take runs that are not finished, too");
  verb.json_flag(arguments->json);
  verb.action([arguments] { return run(*arguments); });
}

}  // namespace qtot::cli
