#include "cli/rank_job.h"

#include "cli/verb.h"
#include "qtot/base/error.h"

#ifdef QTOT_MPI
#include <iostream>
#include <new>
#include <optional>
#include <string>

#include "qtot/cluster/same.h"
#include "qtot/cluster/mpi.h"
#include "qtot/cluster/ranks.h"
#endif

namespace qtot::cli {

#ifdef QTOT_MPI

struct RankJob::Joined {
  std::unique_ptr<cluster::MpiTransport> transport;
  std::optional<cluster::Ranks> ranks;

  void give_up(const char* why, ExitCode exit_code) {
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

RankJob::RankJob(const config::ReadConfig& config, bool resume, std::function<bool()> wants_stop) {
  if (!cluster::started_by_launcher()) return;
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

void RankJob::run(const std::function<void()>& work) {
  if (joined_ == nullptr) return work();
  try {
    work();
  } catch (const Error& error) {
    joined_->give_up(error.what(), error.exit_code());
  } catch (const std::bad_alloc&) {
    joined_->give_up("out of memory; a smaller buffer_size or batch_size needs less",
                     ExitCode::kFailed);
  } catch (const std::exception& error) {
    joined_->give_up(error.what(), ExitCode::kFailed);
  }
}

#else

struct RankJob::Joined {};

RankJob::RankJob(const config::ReadConfig&, bool, std::function<bool()>) {}
train::Crew* RankJob::crew() {
  return nullptr;
}
void RankJob::run(const std::function<void()>& work) {
  work();
}

#endif

RankJob::~RankJob() = default;

}  // namespace qtot::cli
