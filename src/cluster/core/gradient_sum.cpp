#include "qtot/cluster/gradient_sum.h"

#include <algorithm>
#include <cstring>

#include "qtot/base/check.h"
#include "qtot/cluster/collectives.h"

namespace qtot::cluster {
namespace {

// An owner's piece is not worth a message below this; so small networks have few owners.
constexpr std::size_t kSmallestPiece = 2048;
// Parameters that one worker sums at a time.
constexpr std::size_t kChunk = 4096;

using Figure = learner::EpisodeSums<float>;

// Arrays of a message begin where their elements may lie.
std::size_t padded(std::size_t bytes) {
  constexpr std::size_t kAlignment = alignof(Figure);
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

float* floats(std::span<std::byte> bytes) {
  return reinterpret_cast<float*>(bytes.data());
}

}  // namespace

void GradientSum::set_shares(std::vector<learner::Positions> shares) {
  QTOT_CHECK_EQ(shares.size(), static_cast<std::size_t>(transport_.n_ranks()));
  shares_ = std::move(shares);
  subtrees_.clear();
  first_subtree_ = {0};
  for (const learner::Positions& share : shares_) {
    math::append_subtrees(shares_.back().end, share.first, share.end, subtrees_);
    first_subtree_.push_back(subtrees_.size());
  }
}

learner::Positions GradientSum::share(std::size_t n) const {
  QTOT_CHECK_EQ(n, shares_.back().end);
  return shares_[static_cast<std::size_t>(rank())];
}

std::span<const math::Subtree> GradientSum::subtrees_of(int rank) const {
  const std::size_t first = first_subtree_[static_cast<std::size_t>(rank)];
  const std::size_t end = first_subtree_[static_cast<std::size_t>(rank) + 1];
  return std::span(subtrees_).subspan(first, end - first);
}

// [subtrees, piece] floats, then the figures of the positions
std::size_t GradientSum::message_bytes(int from) const {
  return padded(subtrees_of(from).size() * piece_ * sizeof(float)) +
         shares_[static_cast<std::size_t>(from)].count() * sizeof(Figure);
}

void GradientSum::plan(std::size_t n_params) {
  n_params_ = n_params;
  const std::size_t worthwhile = std::max<std::size_t>(1, n_params / kSmallestPiece);
  n_owners_ =
      static_cast<int>(std::min(worthwhile, static_cast<std::size_t>(transport_.n_ranks())));
  const auto n_owners = static_cast<std::size_t>(n_owners_);
  piece_ = (n_params + n_owners - 1) / n_owners;
  to_.resize(n_owners);
  from_.resize(shares_.size());
  result_.resize(padded(n_owners * piece_ * sizeof(float)) + shares_.back().end * sizeof(Figure));
}

void GradientSum::add_up(SumPart sum, Executor& executor, Figures figures,
                         std::span<float> gradient) {
  plan(gradient.size());
  receive_pieces();
  send_pieces(sum, executor, figures);
  transport_.finish(Channel::kGradients);

  const std::size_t n_pieces = static_cast<std::size_t>(n_owners_) * piece_;
  const std::span<std::byte> all_figures =
      std::span(result_).subspan(padded(n_pieces * sizeof(float)));
  if (rank() < n_owners_) {
    add_own_piece(figures);
    all_gather(transport_, Channel::kGradients, n_owners_,
               std::span(result_).first(n_pieces * sizeof(float)), scratch_);
    std::memcpy(all_figures.data(), figures.data(), figures.size_bytes());
  }
  spread(transport_, Channel::kGradients, n_owners_, result_);
  std::memcpy(figures.data(), all_figures.data(), figures.size_bytes());
  std::memcpy(gradient.data(), result_.data(), gradient.size_bytes());
}

void GradientSum::receive_pieces() {
  if (rank() >= n_owners_) return;
  for (int from = 0; from < transport_.n_ranks(); ++from) {
    if (shares_[static_cast<std::size_t>(from)].count() == 0) continue;
    std::vector<std::byte>& bytes = from_[static_cast<std::size_t>(from)];
    bytes.resize(message_bytes(from));
    if (from != rank()) transport_.receive(Channel::kGradients, from, bytes);
  }
}

// Every rank begins with the owner behind itself, so that not all send to one at a time.
void GradientSum::send_pieces(SumPart sum, Executor& executor, Figures figures) {
  if (shares_[static_cast<std::size_t>(rank())].count() == 0) return;
  for (int i = 1; i <= n_owners_; ++i) {
    const int owner = (rank() + i) % n_owners_;
    sum_piece(sum, executor, owner, figures);
    if (owner != rank()) {
      transport_.send(Channel::kGradients, owner, to_[static_cast<std::size_t>(owner)]);
    }
  }
}

void GradientSum::sum_piece(SumPart sum, Executor& executor, int owner, Figures figures) {
  const std::span<const math::Subtree> subtrees = subtrees_of(rank());
  std::vector<std::byte>& bytes = owner == rank() ? from_[static_cast<std::size_t>(owner)]
                                                  : to_[static_cast<std::size_t>(owner)];
  bytes.resize(message_bytes(rank()));
  float* out = floats(bytes);
  const std::size_t first = std::min(n_params_, static_cast<std::size_t>(owner) * piece_);
  const std::size_t size = std::min(piece_, n_params_ - first);
  const std::size_t n_chunks = (size + kChunk - 1) / kChunk;
  executor.for_each(subtrees.size() * n_chunks, [&](std::size_t i, std::size_t worker) {
    const std::size_t subtree = i / n_chunks;
    const std::size_t begin = i % n_chunks * kChunk;
    sum(subtrees[subtree], first + begin, std::min(kChunk, size - begin),
        out + subtree * piece_ + begin, worker);
  });
  const learner::Positions& own = shares_[static_cast<std::size_t>(rank())];
  std::memcpy(bytes.data() + padded(subtrees.size() * piece_ * sizeof(float)),
              figures.data() + own.first, own.count() * sizeof(Figure));
}

void GradientSum::add_own_piece(Figures figures) {
  std::vector<const float*> sums;
  for (int from = 0; from < transport_.n_ranks(); ++from) {
    const std::size_t n_subtrees = subtrees_of(from).size();
    if (n_subtrees == 0) continue;
    std::vector<std::byte>& bytes = from_[static_cast<std::size_t>(from)];
    for (std::size_t i = 0; i < n_subtrees; ++i) sums.push_back(floats(bytes) + i * piece_);
    const learner::Positions& share = shares_[static_cast<std::size_t>(from)];
    std::memcpy(figures.data() + share.first,
                bytes.data() + padded(n_subtrees * piece_ * sizeof(float)),
                share.count() * sizeof(Figure));
  }
  const std::size_t first = std::min(n_params_, static_cast<std::size_t>(rank()) * piece_);
  const std::size_t size = std::min(piece_, n_params_ - first);
  math::tree_sum_of_subtrees<float>(subtrees_, sums, size, floats(result_) + first);
}

}  // namespace qtot::cluster
