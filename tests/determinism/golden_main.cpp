// Prints the golden fingerprints of this build and machine, or compares them with the committed ones.
// qtot_golden needs the core of qtot alone; qtot_golden_full runs the same on the flow graph and oneTBB.

#include <algorithm>
#include <charconv>
#include <functional>
#include <iostream>
#include <optional>
#include <set>

#include "determinism/golden_runs.h"
#include "math/isa.h"
#include "qtot/base/error.h"
#include "qtot/cluster/simulated.h"

namespace qtot::golden {
namespace {

constexpr const char* kUsage =
    "usage: qtot_golden [--only PREFIX]... [--updates N] [--threads N] [--ranks N]\n"
    "                   [--every-isa] [--check FILE | --write FILE | --words CASE]\n"
    "  --only PREFIX  cases whose name begins so (train, learner, play, train-qmix, ...)\n"
    "  --updates N    training runs go no further than update N\n"
    "  --threads N    worker threads (qtot_golden_full only)\n"
    "  --ranks N      training runs on a simulated cluster of so many ranks\n"
    "  --every-isa    once with each instruction set that this machine has (see QTOT_ISA)\n"
    "  --check FILE   stop at the first line that differs from FILE, exit code 1\n"
    "  --write FILE   renew FILE\n"
    "  --words CASE   the words after `with` that give `qtot train` this configuration\n";

constexpr std::int64_t kMaxThreads = 1024;

struct Arguments {
  std::vector<std::string> only;
  std::int64_t updates = *std::ranges::max_element(kTrainingUpdates);
  Workers workers;
  bool every_isa = false;
  std::string check, write, words;
};

std::int64_t positive(const std::string& option, const std::string& text, std::int64_t most) {
  std::int64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size() || n < 1 || n > most) {
    throw Error(option + " = " + text + ": must be an integer in [1, " + std::to_string(most) +
                "]");
  }
  return n;
}

Arguments parse(const std::vector<std::string>& words) {
  Arguments a;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& option = words[i];
    if (option == "--every-isa") {
      a.every_isa = true;
      continue;
    }
    if (i + 1 == words.size()) throw Error("unknown option or no value: " + option + "\n" + kUsage);
    const std::string& value = words[++i];
    if (option == "--only") {
      a.only.push_back(value);
    } else if (option == "--updates") {
      a.updates = positive(option, value, a.updates);
    } else if (option == "--threads") {
      a.workers.n_threads =
          static_cast<std::size_t>(positive(option, value, has_threads() ? kMaxThreads : 1));
    } else if (option == "--ranks") {
      a.workers.n_ranks = static_cast<int>(positive(option, value, cluster::kMaxSimulatedRanks));
    } else if (option == "--check") {
      a.check = value;
    } else if (option == "--write") {
      a.write = value;
    } else if (option == "--words") {
      a.words = value;
    } else {
      throw Error("unknown option: " + option + "\n" + kUsage);
    }
  }
  const bool is_whole = a.only.empty() && a.updates == Arguments().updates;
  if (!a.write.empty() && !is_whole) throw Error("--write renews every line: no --only, --updates");
  return a;
}

bool is_wanted(const Case& golden_case, const Arguments& a) {
  return a.only.empty() || std::ranges::any_of(a.only, [&](const std::string& prefix) {
           return golden_case.name.starts_with(prefix);
         });
}

// Environments and learners first: they are quick and say more about where a difference comes from.
void run_all(const Arguments& a, Report report) {
  for (const Case& c : playing_cases()) {
    if (is_wanted(c, a)) run_playing(c, report);
  }
  for (const Case& c : learner_cases()) {
    if (is_wanted(c, a)) run_learner(c, a.workers.n_threads, report);
  }
  for (const Case& c : training_cases()) {
    if (is_wanted(c, a)) run_training(c, a.workers, a.updates, report);
  }
}

/// Thrown at the first line that differs.
Error difference(const std::string& file, const Line& found, const Line* expected) {
  return Error(file + ": " + (expected == nullptr ? "no line" : "expected " + expected->text()) +
                   ", found " + found.text() + " (instruction set " +
                   std::string(math::name(math::active_isa())) + ")",
               ExitCode::kFailed);
}

class Expected {
 public:
  explicit Expected(const std::string& path) : path_(path), lines_(read_lines(path)) {}

  void compare(const Line& found) {
    const auto line = std::ranges::find_if(
        lines_, [&](const Line& l) { return l.name == found.name && l.update == found.update; });
    if (line == lines_.end()) throw difference(path_, found, nullptr);
    if (*line != found) throw difference(path_, found, &*line);
    seen_.insert(line->text());
  }

  /// After everything was run: a line that no case gives any more is a difference, too.
  void require_all_seen() const {
    for (const Line& line : lines_) {
      if (!seen_.contains(line.text())) {
        throw Error(path_ + ": no case gives the line " + line.text(), ExitCode::kFailed);
      }
    }
  }

 private:
  std::string path_;
  std::vector<Line> lines_;
  std::set<std::string> seen_;
};

void print_words(const std::string& name) {
  for (const Case& c : training_cases()) {
    if (c.name != name) continue;
    for (const std::string& word : words(c)) std::cout << word << '\n';
    return;
  }
  throw Error("--words " + name + ": there is no such training case");
}

void run(const Arguments& a) {
  if (!a.words.empty()) return print_words(a.words);
  std::optional<Expected> expected;
  if (!a.check.empty()) expected.emplace(a.check);
  std::vector<Line> lines;
  const auto report = [&](const Line& line) {
    std::cout << line.text() << std::endl;  // at once: under an emulator a line can take a minute
    if (expected) expected->compare(line);
    lines.push_back(line);
  };
  std::vector<math::Isa> isas = {math::active_isa()};
  if (a.every_isa) isas = math::available_isas();
  for (const math::Isa isa : isas) {
    const math::ScopedIsa scope(isa);
    std::cout << "# instruction set " << math::name(isa) << ", " << a.workers.n_threads
              << " thread(s), " << a.workers.n_ranks << " rank(s)\n";
    run_all(a, report);
  }
  if (expected && a.only.empty() && a.updates == Arguments().updates) expected->require_all_seen();
  if (!a.write.empty()) write_lines(a.write, lines);
}

}  // namespace
}  // namespace qtot::golden

int main(int argc, char** argv) {
  try {
    qtot::golden::run(qtot::golden::parse({argv + 1, argv + argc}));
    return static_cast<int>(qtot::ExitCode::kDone);
  } catch (const qtot::Error& error) {
    std::cerr << "qtot_golden: " << error.what() << '\n';
    return static_cast<int>(error.exit_code());
  }
}
