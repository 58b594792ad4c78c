#include "qtot/cluster/work_queue.h"

#include <boost/mpi/communicator.hpp>
#include <boost/mpi/environment.hpp>
#include <cstdlib>

#include "cluster/launched.h"
#include "qtot/base/check.h"
#include "qtot/base/error.h"

namespace qtot::cluster {

namespace mpi = boost::mpi;

namespace {

constexpr int kTag = 0;

int n_on_this_machine(const mpi::communicator& world) {
  MPI_Comm here = MPI_COMM_NULL;
  MPI_Comm_split_type(world, MPI_COMM_TYPE_SHARED, world.rank(), MPI_INFO_NULL, &here);
  return mpi::communicator(here, mpi::comm_take_ownership).size();
}

}  // namespace

struct WorkQueue::Mpi {
  const bool is_of_mpirun = cluster::is_of_mpirun();
  mpi::environment environment{mpi::threading::single, /*abort_on_exception=*/false};
  mpi::communicator world;
  int n_here = n_on_this_machine(world);
};

WorkQueue::WorkQueue() : mpi_(std::make_unique<Mpi>()) {
  if (n_ranks() > 1) return;
  throw Error(
      "MPI: expected the ranks that the launcher has started, found this one alone; is the "
      "launcher's MPI another one than that of qtot?");
}

WorkQueue::~WorkQueue() = default;

int WorkQueue::rank() const {
  return mpi_->world.rank();
}

int WorkQueue::n_ranks() const {
  return mpi_->world.size();
}

int WorkQueue::n_ranks_here() const {
  return mpi_->n_here;
}

void WorkQueue::send(int to, const std::string& text) {
  mpi_->world.send(to, kTag, text.data(), static_cast<int>(text.size()));
}

std::optional<WorkQueue::Message> WorkQueue::take() {
  const auto found = mpi_->world.iprobe(mpi::any_source, kTag);
  if (!found) return std::nullopt;
  const auto n_chars = found->count<char>();
  QTOT_CHECK(n_chars.has_value());
  Message message{.from = found->source(),
                  .text = std::string(static_cast<std::size_t>(*n_chars), '\0')};
  mpi_->world.recv(message.from, kTag, message.text.data(), *n_chars);
  return message;
}

void WorkQueue::end_job(int exit_code) {
  // mpirun ends the job with the first rank that exits, and better than at MPI_Abort: MpiWorld::end_job()
  if (!mpi_->is_of_mpirun) MPI_Abort(mpi_->world, exit_code);
  std::_Exit(exit_code);
}

}  // namespace qtot::cluster
