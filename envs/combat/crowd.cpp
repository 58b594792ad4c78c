#include "envs/combat/crowd.h"

#include <algorithm>

namespace qtot::envs::combat {

void Crowd::reserve(std::size_t n) {
  by_number.reserve(n);
  by_plane.reserve(n);
}

void Crowd::clear() {
  by_number.clear();
  by_plane.clear();
  n_ground = 0;
}

void Crowd::add(int id, Plane plane) {
  by_number.insert(std::ranges::upper_bound(by_number, id), id);
  by_plane.push_back(id);
  if (plane == Plane::kGround) ++n_ground;
}

void Neighbourhood::reserve(std::size_t n_units) {
  ids_.reserve(n_units);
  n_words_ = (n_units + kBits - 1) / kBits;
  columns_.resize(kNumStrips * n_words_);
  rows_.resize(kNumStrips * n_words_);
}

void Neighbourhood::note(const Places& places) {
  if (ids_.size() <= kFew) return;
  std::ranges::fill(columns_, 0);
  std::ranges::fill(rows_, 0);
  for (const int id : ids_) {
    const auto i = static_cast<std::size_t>(id);
    const std::uint64_t bit = std::uint64_t{1} << (i % kBits);
    columns_[strip_of(places.x[i]) * n_words_ + i / kBits] |= bit;
    rows_[strip_of(places.y[i]) * n_words_ + i / kBits] |= bit;
  }
}

}  // namespace qtot::envs::combat
