#include "cli/sweep_report.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <sstream>

#include "qtot/base/files.h"

namespace qtot::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kMaxSummaryBytes = 1 << 26;
constexpr std::array kFigures = {"t_env", "test_return_mean", "test_battle_won_mean"};

const char* state_name(const SweepRun& run) {
  if (run.was_finished) return "finished";
  switch (run.result.outcome) {
    case sweep::Outcome::kWaiting:
      return "waiting";
    case sweep::Outcome::kFinished:
      return "finished";
    case sweep::Outcome::kStopped:
      return "stopped";
    case sweep::Outcome::kFailed:
      return "failed";
  }
  return "";
}

bool is_finished(const SweepRun& run) {
  return run.was_finished || run.result.outcome == sweep::Outcome::kFinished;
}

// The figures of summary.json that a table shows; what is not there is left out.
Json figures_of(const SweepRun& run) {
  Json figures = Json::object();
  if (!is_finished(run)) return figures;
  const std::filesystem::path path = run.folder / "summary.json";
  const Json summary = Json::parse(read_file(path, kMaxSummaryBytes), nullptr, false);
  if (!summary.is_object()) throw Error(path.string() + ": expected a JSON object");
  for (const char* name : kFigures) {
    const auto found = summary.find(name);
    if (found != summary.end() && found->is_number()) figures[name] = *found;
  }
  return figures;
}

std::string how_it_failed(const sweep::Ending& ending) {
  return ending.signal != 0 ? "killed by signal " + std::to_string(ending.signal)
                            : "exit code " + std::to_string(ending.exit_code);
}

std::string figure_text(const Json& figures, const char* name) {
  const auto found = figures.find(name);
  if (found == figures.end()) return "";
  std::ostringstream text;
  found->is_number_integer() ? text << found->get<std::int64_t>() : text << found->get<double>();
  return text.str();
}

}  // namespace

SweepProgress::SweepProgress(std::ostream& out, std::size_t n_runs, std::size_t n_were_finished)
    : out_(out),
      style_(metrics::ProgressStyle::of_stderr()),
      n_runs_(n_runs),
      n_were_finished_(n_were_finished) {
  out_ << "sweep: " << n_runs_ << " runs, of which " << n_were_finished_
       << " were finished before\n"
       << std::flush;
}

void SweepProgress::show(const SweepRun& run, const sweep::JobResult& result,
                         const sweep::JobCounts& counts) {
  if (style_.on_terminal) out_ << "\r\x1b[K";
  const std::string& name = run.choice.name;
  switch (result.outcome) {
    case sweep::Outcome::kWaiting:
      out_ << "started   " << name;
      break;
    case sweep::Outcome::kFinished:
      out_ << "finished  " << name;
      break;
    case sweep::Outcome::kStopped:
      out_ << "stopped   " << name;
      break;
    case sweep::Outcome::kFailed:
      out_ << "failed    " << name << ": " << how_it_failed(result.ending) << ", see "
           << (run.folder / kSweepLog).string();
  }
  const std::size_t n_finished = n_were_finished_ + counts.finished;
  const std::string line = std::to_string(counts.running) + " running, " +
                           std::to_string(n_finished) + " finished, " +
                           std::to_string(counts.failed) + " failed of " + std::to_string(n_runs_);
  if (style_.on_terminal) {
    const bool is_last = counts.running == 0;
    out_ << '\n' << line << (is_last ? "\n" : "") << std::flush;
  } else {
    out_ << "  (" << line << ")\n" << std::flush;
  }
}

void print_table(std::ostream& out, const std::vector<SweepRun>& runs) {
  std::size_t width = std::string("run").size();
  bool has_wins = false;
  for (const SweepRun& run : runs) {
    width = std::max(width, run.choice.name.size());
    has_wins = has_wins || figures_of(run).contains("test_battle_won_mean");
  }
  const auto row = [&](const std::string& name, const std::string& state, const std::string& t_env,
                       const std::string& test, const std::string& wins) {
    std::ostringstream line;
    line << std::left << std::setw(static_cast<int>(width) + 2) << name << std::setw(10) << state
         << std::right << std::setw(10) << t_env << std::setw(13) << test;
    if (has_wins) line << std::setw(11) << wins;
    std::string text = line.str();
    text.erase(text.find_last_not_of(' ') + 1);
    out << text << '\n';
  };
  row("run", "state", "steps", "test return", "test wins");
  for (const SweepRun& run : runs) {
    const Json figures = figures_of(run);
    row(run.choice.name, state_name(run), figure_text(figures, kFigures[0]),
        figure_text(figures, kFigures[1]), figure_text(figures, kFigures[2]));
  }
}

void print_json(std::ostream& out, const std::string& folder, const std::vector<SweepRun>& runs) {
  Json json = {{"sweep", folder}, {"runs", Json::array()}};
  for (const SweepRun& run : runs) {
    Json entry = {
        {"name", run.choice.name}, {"run", run.folder.string()}, {"state", state_name(run)}};
    if (run.result.outcome == sweep::Outcome::kFailed) {
      entry[run.result.ending.signal != 0 ? "signal" : "exit_code"] =
          run.result.ending.signal != 0 ? run.result.ending.signal : run.result.ending.exit_code;
    }
    entry.update(figures_of(run));
    json["runs"].push_back(entry);
  }
  out << json.dump(2) << '\n';
}

ExitCode exit_code(std::ostream& err, const std::vector<SweepRun>& runs, bool was_stopped) {
  const auto n_failed = std::ranges::count_if(runs, [](const SweepRun& run) {
    return !run.was_finished && run.result.outcome == sweep::Outcome::kFailed;
  });
  const bool all_finished = std::ranges::all_of(runs, &is_finished);
  if (n_failed > 0) err << "qtot: " << n_failed << " of " << runs.size() << " runs failed\n";
  if (!all_finished && (was_stopped || n_failed == 0)) {
    err << "qtot: stopped; the same command goes on with what is not finished\n";
    return ExitCode::kStopped;
  }
  return n_failed > 0 ? ExitCode::kFailed : ExitCode::kDone;
}

}  // namespace qtot::cli
