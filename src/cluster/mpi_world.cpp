#include "cluster/mpi_world.h"

#include <algorithm>
#include <string>
#include <utility>

#include "qtot/base/error.h"
#include "qtot/cluster/stall_report.h"

namespace qtot::cluster {
namespace {

constexpr int kTag = 0;

std::string text_of(int code) {
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int n = 0;
  if (MPI_Error_string(code, text.data(), &n) != MPI_SUCCESS) return std::to_string(code);
  return {text.data(), static_cast<std::size_t>(n)};
}

void require(int code, const std::string& what) {
  if (code == MPI_SUCCESS) return;
  throw Error("cluster: " + what + ": " + text_of(code), ExitCode::kFailed);
}

std::string name_of_message(const Operation& operation) {
  return std::string(operation.is_receive ? "receiving " : "sending ") +
         std::to_string(operation.n_total) + " bytes of " +
         std::string(name_of(operation.channel)) +
         (operation.is_receive ? " from rank " : " to rank ") + std::to_string(operation.peer);
}

}  // namespace

MpiWorld::MpiWorld() {
  namespace mpi = boost::mpi;
  constexpr bool kAbortsOnException = false;
  environment_ = std::make_unique<mpi::environment>(mpi::threading::funneled, kAbortsOnException);
  if (mpi::environment::thread_level() < mpi::threading::funneled) {
    throw Error("cluster: this MPI has no MPI_THREAD_FUNNELED, which qtot needs",
                ExitCode::kFailed);
  }
  require(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "starting MPI");
  require(MPI_Comm_rank(MPI_COMM_WORLD, &rank_), "starting MPI");
  require(MPI_Comm_size(MPI_COMM_WORLD, &n_ranks_), "starting MPI");
  for (MPI_Comm& channel : channels_) {
    require(MPI_Comm_dup(MPI_COMM_WORLD, &channel), "starting MPI");
    require(MPI_Comm_set_errhandler(channel, MPI_ERRORS_RETURN), "starting MPI");
  }
}

// The environment's own end would finalise, and wait for ranks that never will; it stays reachable.
MpiWorld::~MpiWorld() {
  static std::vector<boost::mpi::environment*> left_open;
  if (environment_) left_open.push_back(environment_.release());
}

void MpiWorld::start(const Operation& operation) {
  MPI_Request request = MPI_REQUEST_NULL;
  const MPI_Comm channel = channels_.at(static_cast<std::size_t>(operation.channel));
  const int n = static_cast<int>(operation.n_bytes);
  const int code =
      operation.is_receive
          ? MPI_Irecv(operation.target, n, MPI_BYTE, operation.peer, kTag, channel, &request)
          : MPI_Isend(operation.source, n, MPI_BYTE, operation.peer, kTag, channel, &request);
  require(code, name_of_message(operation));
  operations_.push_back(operation);
  requests_.push_back(request);
}

void MpiWorld::check_done(const Operation& operation, const MPI_Status& status,
                          bool has_code) const {
  const int code = has_code ? status.MPI_ERROR : MPI_SUCCESS;
  const bool is_too_long = code == MPI_ERR_TRUNCATE;
  if (!is_too_long) require(code, name_of_message(operation));
  if (!operation.is_receive) return;
  MPI_Count n_bytes = 0;  // of a message that is too long, too: its size, not what arrived
  require(MPI_Get_elements_x(&status, MPI_BYTE, &n_bytes), name_of_message(operation));
  const auto n_found = static_cast<std::size_t>(n_bytes);
  if (n_found == operation.n_bytes) return;
  throw Error("cluster: " + mismatch_report(rank_, n_ranks_,
                                            {.is_receive = true,
                                             .channel = operation.channel,
                                             .peer = operation.peer,
                                             .n_bytes = operation.n_total},
                                            operation.offset + n_found),
              ExitCode::kFailed);
}

const std::vector<Operation>& MpiWorld::poll() {
  done_.clear();
  if (requests_.empty()) return done_;
  done_indices_.resize(requests_.size());
  statuses_.resize(requests_.size());
  int n_done = 0;
  const int code = MPI_Testsome(static_cast<int>(requests_.size()), requests_.data(), &n_done,
                                done_indices_.data(), statuses_.data());
  if (code != MPI_ERR_IN_STATUS) require(code, "waiting for messages");
  if (n_done <= 0) return done_;

  // the rest closes ranks in its order
  for (int i = 0; i < n_done; ++i) {
    const auto index = static_cast<std::size_t>(done_indices_[static_cast<std::size_t>(i)]);
    check_done(operations_[index], statuses_[static_cast<std::size_t>(i)],
               code == MPI_ERR_IN_STATUS);
    done_.push_back(operations_[index]);
  }
  std::size_t n_kept = 0;
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    if (requests_[i] == MPI_REQUEST_NULL) continue;  // MPI's mark of what is done
    operations_[n_kept] = operations_[i];
    requests_[n_kept++] = requests_[i];
  }
  operations_.resize(n_kept);
  requests_.resize(n_kept);
  return done_;
}

void MpiWorld::finalise() {
  for (MPI_Comm& channel : channels_) require(MPI_Comm_free(&channel), "ending MPI");
  environment_.reset();
}

void MpiWorld::abort_job(int exit_code) {
  MPI_Abort(MPI_COMM_WORLD, exit_code);
}

}  // namespace qtot::cluster
