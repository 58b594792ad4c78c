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

namespace {

// Every key counts here: ranks evaluate and save at the same time.
cluster::Texts texts_of(const config::ReadConfig& config, bool resume) {
  cluster::Texts texts = {{"--resume", resume ? "given" : "not given"}};
  for (const auto& [key, value] : config.map) texts.emplace_back(key, value.text());
  return texts;
}

}  // namespace

void RankJob::join(const config::ReadConfig& config, bool resume,
                   std::function<bool()> wants_stop) {
  joined_ = std::make_unique<Joined>();
  joined_->transport = cluster::connect({.stall_timeout = config.config.cluster_stall_timeout});
  run([&] {
    cluster::require_same(*joined_->transport, "configuration", texts_of(config, resume));
    joined_->ranks.emplace(*joined_->transport, std::move(wants_stop));
  });
}

train::Crew* RankJob::crew() {
  return joined_ == nullptr ? nullptr : &*joined_->ranks;
}

#else

struct RankJob::Joined {
  void end_job(const std::string&, ExitCode) const {}
};

void RankJob::join(const config::ReadConfig&, bool, std::function<bool()>) {
  throw Error(
      "several processes were started to train one run, but this qtot was built without MPI: "
      "expected one process, or a build where CMake finds MPI and Boost.MPI");
}

train::Crew* RankJob::crew() {
  return nullptr;
}

#endif

RankJob::RankJob(const config::ReadConfig& config, bool resume, std::function<bool()> wants_stop) {
  const sweep::Launch launch = sweep::launch();
  if (launch == sweep::Launch::kUnrelated) {
    throw Error(
        "srun has started several tasks of qtot train that cannot find each other: expected "
        "srun --mpi=pmix, or srun --ntasks=1");
  }
  if (launch == sweep::Launch::kRanks) join(config, resume, std::move(wants_stop));
}

RankJob::~RankJob() = default;

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
