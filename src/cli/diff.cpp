#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/load_run.h"
#include "cli/verbs.h"
#include "qtot/metrics/digests.h"

namespace qtot::cli {
namespace {

struct DiffArguments {
  std::string run_a, run_b;
  bool json = false;
};

// The records of a run, and its last checkpoint as one more.
std::vector<metrics::DigestRecord> digests_of(const std::string& run) {
  std::vector<metrics::DigestRecord> records =
      metrics::read_digests(std::filesystem::path(run) / "digests.jsonl");
  const LoadedCheckpoint last = load_run_or_checkpoint(run);
  const std::int64_t update = last.state.learner.n_updates;
  if (records.empty() || records.back().update < update) {
    const checkpoint::Digest digest = checkpoint::digest(last.state);
    records.push_back({.update = update,
                       .t_env = last.state.t_env,
                       .fingerprint = digest.fingerprint,
                       .parts = digest.parts});
  }
  return records;
}

void print_readable(const metrics::DigestComparison& comparison, const std::string& first_part) {
  if (!comparison.first_difference) {
    std::cout << "no difference in " << comparison.n_compared << " recorded updates\n";
    return;
  }
  const metrics::DigestDifference& difference = *comparison.first_difference;
  std::cout << "first difference at update " << difference.update << " (t_env " << difference.t_env
            << "): " << first_part << '\n';
  for (std::size_t i = 1; i < difference.parts.size(); ++i) {
    std::cout << "  also " << difference.parts[i] << '\n';
  }
}

ExitCode run(const DiffArguments& arguments) {
  const metrics::DigestComparison comparison =
      metrics::compare_digests(digests_of(arguments.run_a), digests_of(arguments.run_b));
  if (comparison.n_compared == 0) {
    throw Error(arguments.run_a + " and " + arguments.run_b +
                ": expected an update that both recorded, found none; choose one digest_interval");
  }
  const bool same = !comparison.first_difference;
  const std::string first_part = same || comparison.first_difference->parts.empty()
                                     ? ""
                                     : comparison.first_difference->parts[0];
  if (arguments.json) {
    nlohmann::ordered_json json = {{"same", same}, {"compared", comparison.n_compared}};
    if (!same) {
      json["first_difference"] = {{"update", comparison.first_difference->update},
                                  {"t_env", comparison.first_difference->t_env},
                                  {"tensor", first_part},
                                  {"parts", comparison.first_difference->parts}};
    }
    std::cout << json.dump(2) << '\n';
  } else {
    print_readable(comparison, first_part);
  }
  return same ? ExitCode::kDone : ExitCode::kFailed;
}

}  // namespace

void add_diff(Verb& app) {
  Verb verb = app.verb("diff", "First update and first tensor in which two runs differ");
  verb.footer(
      "Compares the updates that both runs recorded (digest_interval). Exit code 1 if they "
      "differ.");
  auto arguments = std::make_shared<DiffArguments>();
  verb.option("run_a", arguments->run_a, "run folder").required().type_name("RUN");
  verb.option("run_b", arguments->run_b, "run folder").required().type_name("RUN");
  verb.json_flag(arguments->json);
  verb.action([arguments] { return run(*arguments); });
}

}  // namespace qtot::cli
