#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "envs/combat/map.h"

/// Who is where, laid out for the loops that ask it of everybody.
namespace qtot::envs::combat {

/// Where each unit stands, by its number.
struct Places {
  std::vector<double> x;
  std::vector<double> y;
};

/// The living units of one side.
struct Crowd {
  std::vector<int> by_number;
  std::vector<int> by_plane;  // those on the ground before those in the air, each by number
  std::size_t n_ground = 0;

  void reserve(std::size_t n);
  void clear();
  /// Units on the ground first.
  void add(int id, Plane plane);
  std::size_t size() const { return by_plane.size(); }
  /// Whom a unit of that type can attack or heal.
  std::span<const int> reached_by(const UnitType& type) const {
    const std::size_t begin = type.hits_ground ? 0 : n_ground;
    const std::size_t end = type.hits_air ? size() : n_ground;
    return {by_plane.data() + begin, end - begin};
  }
};

/// The living units of one plane, who collide with each other. Finds the few of many that may be near a point: for
/// each strip of the map, from left to right and from bottom to top, it keeps the set of those who stand in it. What
/// lies outside the map counts to the outermost strips.
class Neighbourhood {
 public:
  static constexpr std::size_t kFew = 12;  // up to so many it looks at them all, which is faster

  void reserve(std::size_t n_units);
  void clear() { ids_.clear(); }
  /// By ascending number.
  void add(int id) { ids_.push_back(id); }
  /// Takes in where all of them are now.
  void note(const Places& places);

  /// Calls visit(id), by ascending number, for all whose x and y differ from these by `reach` at most, and for some
  /// others.
  template <class Visit>
  void visit_near(double x, double y, double reach, Visit visit) const {
    if (ids_.size() <= kFew) {
      for (const int id : ids_) visit(id);
      return;
    }
    const Span columns = strips_between(x - reach - kMargin, x + reach + kMargin);
    const Span rows = strips_between(y - reach - kMargin, y + reach + kMargin);
    for (std::size_t word = 0; word < n_words_; ++word) {
      std::uint64_t left = united(columns_, columns, word) & united(rows_, rows, word);
      for (; left != 0; left &= left - 1) {
        visit(static_cast<int>(word * kBits) + std::countr_zero(left));
      }
    }
  }

 private:
  static constexpr std::size_t kWidth = 1;  // cells
  static constexpr std::size_t kNumStrips = kMapSize / kWidth;
  static constexpr std::size_t kBits = 64;
  static constexpr double kMargin = 1e-6;  // more than the rounding of any distance

  struct Span {
    std::size_t first, last;
  };
  using Sets =
      std::vector<std::uint64_t>;  // [strip * n_words_ + word]: bit i of word w is unit 64 w + i

  static std::size_t strip_of(double x) {
    if (!(x >= 0)) return 0;
    return x < kMapSize ? static_cast<std::size_t>(x) / kWidth : kNumStrips - 1;
  }
  static Span strips_between(double low, double high) { return {strip_of(low), strip_of(high)}; }
  std::uint64_t united(const Sets& sets, Span strips, std::size_t word) const {
    std::uint64_t all = 0;
    for (std::size_t s = strips.first; s <= strips.last; ++s) all |= sets[s * n_words_ + word];
    return all;
  }

  std::vector<int> ids_;
  std::size_t n_words_ = 0;
  Sets columns_;
  Sets rows_;
};

}  // namespace qtot::envs::combat
