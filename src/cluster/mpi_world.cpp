#include "cluster/mpi_world.h"

#include <cstdlib>
#include <string>
#include <utility>

#include "qtot/base/deadline.h"
#include "qtot/base/error.h"
#include "qtot/cluster/stall_report.h"

namespace qtot::cluster {
namespace {

constexpr int kTag = 0;
constexpr double kPatience = 2;  // seconds for ranks to agree to end

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
  for (Line& line : lines_) {
    require(MPI_Comm_dup(MPI_COMM_WORLD, &line.communicator), "starting MPI");
    require(MPI_Comm_set_errhandler(line.communicator, MPI_ERRORS_RETURN), "starting MPI");
    line.queues.resize(static_cast<std::size_t>(n_ranks_));
  }
  require(MPI_Comm_dup(MPI_COMM_WORLD, &ending_), "starting MPI");
  require(MPI_Comm_set_errhandler(ending_, MPI_ERRORS_RETURN), "starting MPI");
}

// The environment's own end would finalise, and wait for ranks that never will; it stays reachable.
MpiWorld::~MpiWorld() {
  static std::vector<boost::mpi::environment*> left_open;
  if (environment_) left_open.push_back(environment_.release());
}

void MpiWorld::start(const Operation& operation) {
  if (!operation.is_receive) return start_send(operation);
  Line& line = line_of(operation);
  Queue& queue = line.queues.at(static_cast<std::size_t>(operation.peer));
  if (queue.arrived.empty()) {
    queue.awaited.push_back(operation);
    ++line.n_awaited;
    ++n_awaited_;
  } else {
    const Arrived arrived = queue.arrived.front();
    queue.arrived.pop_front();
    start_receive(operation, arrived);
  }
}

void MpiWorld::start_send(const Operation& operation) {
  MPI_Request request = MPI_REQUEST_NULL;
  require(MPI_Isend(operation.source, static_cast<int>(operation.n_bytes), MPI_BYTE, operation.peer,
                    kTag, line_of(operation).communicator, &request),
          name_of_message(operation));
  operations_.push_back(operation);
  requests_.push_back(request);
}

void MpiWorld::start_receive(const Operation& operation, Arrived arrived) {
  if (arrived.n_bytes != operation.n_bytes) {
    const Pending expected = {.is_receive = true,
                              .channel = operation.channel,
                              .peer = operation.peer,
                              .n_bytes = operation.n_total};
    throw Error("cluster: " +
                    mismatch_report(rank_, n_ranks_, expected, operation.offset + arrived.n_bytes),
                ExitCode::kFailed);
  }
  MPI_Request request = MPI_REQUEST_NULL;
  require(MPI_Imrecv(operation.target, static_cast<int>(operation.n_bytes), MPI_BYTE,
                     &arrived.message, &request),
          name_of_message(operation));
  operations_.push_back(operation);
  requests_.push_back(request);
}

const std::vector<Operation>& MpiWorld::poll() {
  done_.clear();
  for (Line& line : lines_) {
    if (line.n_awaited > 0) look_for_messages(line);
  }
  if (!requests_.empty()) collect_done();
  return done_;
}

// From whomever: one look, however many ranks there are.
void MpiWorld::look_for_messages(Line& line) {
  while (line.n_awaited > 0) {
    int is_there = 0;
    Arrived arrived;
    MPI_Status status;
    require(
        MPI_Improbe(MPI_ANY_SOURCE, kTag, line.communicator, &is_there, &arrived.message, &status),
        "looking for messages");
    if (is_there == 0) return;
    int n_bytes = 0;
    require(MPI_Get_count(&status, MPI_BYTE, &n_bytes), "looking for messages");
    arrived.n_bytes = static_cast<std::size_t>(n_bytes);
    Queue& queue = line.queues.at(static_cast<std::size_t>(status.MPI_SOURCE));
    if (queue.awaited.empty()) {
      queue.arrived.push_back(arrived);
      continue;
    }
    const Operation operation = queue.awaited.front();
    queue.awaited.pop_front();
    --line.n_awaited;
    --n_awaited_;
    start_receive(operation, arrived);
  }
}

void MpiWorld::collect_done() {
  done_indices_.resize(requests_.size());
  statuses_.resize(requests_.size());
  int n_done = 0;
  const int code = MPI_Testsome(static_cast<int>(requests_.size()), requests_.data(), &n_done,
                                done_indices_.data(), statuses_.data());
  if (code != MPI_ERR_IN_STATUS) require(code, "waiting for messages");
  if (n_done <= 0) return;
  for (int i = 0; i < n_done; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const Operation& operation = operations_[static_cast<std::size_t>(done_indices_[at])];
    if (code == MPI_ERR_IN_STATUS) require(statuses_[at].MPI_ERROR, name_of_message(operation));
    done_.push_back(operation);
  }
  std::size_t n_kept = 0;
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    if (requests_[i] == MPI_REQUEST_NULL) continue;  // MPI's mark of what is done
    operations_[n_kept] = operations_[i];
    requests_[n_kept++] = requests_[i];
  }
  operations_.resize(n_kept);
  requests_.resize(n_kept);
}

std::vector<Operation> MpiWorld::ongoing() const {
  std::vector<Operation> all = operations_;
  for (const Line& line : lines_) {
    for (const Queue& queue : line.queues) {
      all.insert(all.end(), queue.awaited.begin(), queue.awaited.end());
    }
  }
  return all;
}

bool MpiWorld::all_have_come() {
  int is_done = 0;
  if (all_come_ == MPI_REQUEST_NULL) require(MPI_Ibarrier(ending_, &all_come_), "ending MPI");
  require(MPI_Test(&all_come_, &is_done, MPI_STATUS_IGNORE), "ending MPI");
  return is_done != 0;
}

void MpiWorld::finalise() {
  for (Line& line : lines_) require(MPI_Comm_free(&line.communicator), "ending MPI");
  require(MPI_Comm_free(&ending_), "ending MPI");
  environment_.reset();
}

std::optional<int> MpiWorld::told_to_end() {
  int is_there = 0;
  int exit_code = 0;
  if (MPI_Iprobe(MPI_ANY_SOURCE, kTag, ending_, &is_there, MPI_STATUS_IGNORE) != MPI_SUCCESS ||
      is_there == 0 ||
      MPI_Recv(&exit_code, 1, MPI_INT, MPI_ANY_SOURCE, kTag, ending_, MPI_STATUS_IGNORE) !=
          MPI_SUCCESS) {
    return std::nullopt;
  }
  ++n_told_to_end_;
  return exit_code;
}

// Whether it gets there, the answer says.
void MpiWorld::tell_to_end(int rank) {
  MPI_Request request = MPI_REQUEST_NULL;
  if (MPI_Isend(&ending_code_, 1, MPI_INT, rank, kTag, ending_, &request) != MPI_SUCCESS) return;
  MPI_Request_free(&request);
}

// Every other rank tells rank 0 once, to ask or to answer; rank 0 tells all others once. The code that all
// then end with is the one that rank 0 heard of first.
std::optional<int> MpiWorld::agree_to_end(int exit_code) {
  const bool is_first = rank_ == 0;
  ending_code_ = exit_code;
  for (int other = 1; is_first && other < n_ranks_; ++other) tell_to_end(other);
  if (!is_first) tell_to_end(0);
  const auto n_expected = is_first ? static_cast<std::size_t>(n_ranks_ - 1) : 1U;
  const Deadline patience(kPatience);
  while (n_told_to_end_ < n_expected && !patience.has_passed()) {
    const std::optional<int> told = told_to_end();
    if (told && !is_first) exit_code = *told;
    if (!told) yield_processor();
  }
  if (n_told_to_end_ < n_expected) return std::nullopt;
  return exit_code;
}

// By agreement, as mpirun of Open MPI 4.1.4 with PMIx 4.2.2 itself crashes or hangs in its
// PMIx_server_finalize after 1 of 4 MPI_Abort, after 1 of 18 ranks that just exit, and after none of 200
// jobs whose ranks all finalise. Where a rank does not answer, exiting is all that mpirun needs; srun
// needs MPI_Abort.
void MpiWorld::end_job(int exit_code) {
  if (const std::optional<int> agreed = agree_to_end(exit_code)) {
    MPI_Finalize();
    std::_Exit(*agreed);
  }
  if (!is_of_mpirun_) MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::_Exit(exit_code);
}

}  // namespace qtot::cluster
