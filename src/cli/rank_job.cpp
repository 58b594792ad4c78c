#include "cli/rank_job.h"

#include <iostream>
#include <new>
#include <optional>
#include <string>

#include "cli/verb.h"
#include "qtot/base/error.h"
#include "qtot/sweep/launcher.h"

#ifdef QTOT_MPI
#include "qtot/cluster/mpi.h"
#include "qtot/cluster/ranks.h"
#include "qtot/cluster/same.h"
#endif

namespace qtot::cli {

#ifdef QTOT_MPI

struct RankJob::Joined {
  std::unique_ptr<cluster::MpiTransport> transport;
  std::optional<cluster::Ranks> ranks;

  void end_job(const std::string& why, ExitCode exit_code) const {
    std::cerr << "qtot: rank " + std::to_string(transport->rank()) + ": " + why + "\n";
    transport->abort_job(static_cast<int>(exit_code));
  }
};

void RankJob::join(const RankJobOptions& options) {
  joined_ = std::make_unique<Joined>();
  joined_->transport = cluster::connect({.stall_timeout = options.stall_timeout});
  run([&] {
    std::vector<std::pair<std::string, std::string>> same = {{"error", options.error}};
    same.insert(same.end(), options.same.begin(), options.same.end());
    cluster::require_same(*joined_->transport, "configuration", same);
    joined_->ranks.emplace(*joined_->transport, options.wants_stop);
  });
}

cluster::Transport* RankJob::transport() {
  return joined_ == nullptr ? nullptr : joined_->transport.get();
}

train::Crew* RankJob::crew() {
  return joined_ == nullptr ? nullptr : &*joined_->ranks;
}

#else

struct RankJob::Joined {
  void end_job(const std::string&, ExitCode) const {}
};

void RankJob::join(const RankJobOptions&) {
  throw Error(
      "several processes were started to train one run, but this qtot was built without MPI: "
      "expected one process, or a build where CMake finds MPI and Boost.MPI");
}

train::Crew* RankJob::crew() {
  return nullptr;
}

cluster::Transport* RankJob::transport() {
  return nullptr;
}

#endif

RankJobOptions RankJobOptions::of(const config::ReadConfig& config) {
  RankJobOptions options{.stall_timeout = config.config.cluster_stall_timeout};
  for (const auto& [key, value] : config.map) options.same.emplace_back(key, value.text());
  return options;
}

RankJob::RankJob(const RankJobOptions& options) {
  const sweep::Launch launch = sweep::launch();
  if (launch == sweep::Launch::kUnrelated) {
    throw Error(
        "srun has started several tasks of qtot that cannot find each other: expected "
        "srun --mpi=pmix, or srun --ntasks=1");
  }
  if (launch == sweep::Launch::kRanks) join(options);
}

RankJob::~RankJob() = default;

ExitCode RankJob::end_alike(const Error& error) {
  if (sweep::launch() != sweep::Launch::kRanks) throw Error(error);
  RankJob job({.error = error.what()});
  if (job.is_first()) std::cerr << "qtot: " + std::string(error.what()) + "\n";
  return error.exit_code();
}

bool RankJob::agreed_by_first(bool of_first) {
  bool agreed = of_first;
  run([&] {
    if (crew() != nullptr) agreed = crew()->tell(of_first ? "yes" : "no") == "yes";
  });
  return agreed;
}

void RankJob::run(const std::function<void()>& work) {
  if (joined_ == nullptr) return work();
  try {
    work();
  } catch (const Error& error) {
    joined_->end_job(error.what(), error.exit_code());
  } catch (const std::bad_alloc&) {
    joined_->end_job("out of memory; a smaller buffer_size or batch_size needs less",
                     ExitCode::kFailed);
  } catch (const std::exception& error) {
    joined_->end_job(error.what(), ExitCode::kFailed);
  }
}

}  // namespace qtot::cli
