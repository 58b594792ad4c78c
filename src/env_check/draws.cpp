#include "env_check/draws.h"

#include <algorithm>
#include <climits>
#include <cstddef>

#include "env_check/comparison.h"

namespace qtot::env {
namespace {

constexpr int kMaxSite = 255;
constexpr int kMaxIndex = 65535;

std::string entry_start(const char* kind, int site, int index) {
  return std::string("[\"") + kind + "\"," + std::to_string(site) + "," + std::to_string(index) +
         ",";
}

struct Draw {
  std::string kind;
  int site = 0;
  int index = 0;
  double n = 0;  // of "choose"
  double outcome = 0;
  std::vector<int> order;  // of "shuffle"
};

Draw read_draw(const Json& entry, const Place& place) {
  const auto fail = [&] {
    place.fail("u.draws: expected [kind, site, index, ...] as qtot env record writes it");
  };
  if (!entry.is_array() || entry.empty() || !entry[0].is_string()) fail();
  Draw draw;
  draw.kind = entry[0].get<std::string>();
  const bool is_shuffle = draw.kind == "shuffle";
  const bool is_choice = draw.kind == "choose";
  const bool is_known = is_shuffle || is_choice || draw.kind == "happens" || draw.kind == "uniform";
  const std::size_t expected = is_shuffle ? 3 : is_choice ? 5 : 4;
  if (!is_known || entry.size() != expected) fail();
  draw.site = read_integer(entry[1], "u.draws", 0, kMaxSite, place);
  if (is_shuffle) {
    if (!entry[2].is_array()) fail();
    draw.order = read_integers(entry[2], "u.draws", entry[2].size(), INT_MIN, INT_MAX, place);
    return draw;
  }
  draw.index = read_integer(entry[2], "u.draws", 0, kMaxIndex, place);
  if (is_choice) draw.n = read_number(entry[3], "u.draws", place);
  draw.outcome = read_number(entry.back(), "u.draws", place);
  if (is_choice) {
    const bool is_index =
        draw.n <= UINT_MAX && draw.outcome >= 0 && draw.outcome < draw.n &&
        static_cast<double>(static_cast<std::uint32_t>(draw.outcome)) == draw.outcome;
    if (!is_index) place.fail("u.draws: expected an index below the number of choices");
  }
  return draw;
}

class DrawsScript final : public ScriptedChance {
 public:
  explicit DrawsScript(std::vector<Draw> draws) : draws_(std::move(draws)) {}

  std::uint32_t choose(int site, int index, std::uint32_t n) override {
    const Draw* draw = next("choose", site, index);
    if (draw == nullptr) return 0;
    if (draw->n != n) {
      note("a choice among " + std::to_string(n) + " at site " + std::to_string(site) +
           ", recorded " + number_text(draw->n));
      return 0;
    }
    return static_cast<std::uint32_t>(draw->outcome);
  }

  bool happens(int site, int index, double) override {
    const Draw* draw = next("happens", site, index);
    return draw != nullptr && draw->outcome != 0;
  }

  double uniform(int site, int index) override {
    const Draw* draw = next("uniform", site, index);
    return draw != nullptr ? draw->outcome : 0;
  }

  void shuffle(int site, std::span<int> items) override {
    const Draw* draw = next("shuffle", site, 0);
    if (draw == nullptr) return;
    if (!std::is_permutation(items.begin(), items.end(), draw->order.begin(), draw->order.end())) {
      note("an order of other items at site " + std::to_string(site));
      return;
    }
    std::copy(draw->order.begin(), draw->order.end(), items.begin());
  }

 private:
  // The next recorded draw, if it is of that kind.
  const Draw* next(const char* kind, int site, int index) {
    if (n_used_ < draws_.size()) {
      const Draw& draw = draws_[n_used_];
      if (draw.kind == kind && draw.site == site && draw.index == index) {
        ++n_used_;
        return &draw;
      }
    }
    note(std::string(kind) + " at site " + std::to_string(site) + ", index " +
         std::to_string(index));
    return nullptr;
  }

  std::vector<Draw> draws_;
  std::size_t n_used_ = 0;
};

}  // namespace

void RecordingChance::append(const std::string& entry) {
  if (!text_.empty()) text_ += ',';
  text_ += entry;
}

std::uint32_t RecordingChance::choose(int site, int index, std::uint32_t n) {
  const std::uint32_t outcome = source_.choose(site, index, n);
  append(entry_start("choose", site, index) + std::to_string(n) + "," + std::to_string(outcome) +
         "]");
  return outcome;
}

bool RecordingChance::happens(int site, int index, double p) {
  const bool outcome = source_.happens(site, index, p);
  append(entry_start("happens", site, index) + (outcome ? "1]" : "0]"));
  return outcome;
}

double RecordingChance::uniform(int site, int index) {
  const double outcome = source_.uniform(site, index);
  append(entry_start("uniform", site, index) + number_text(outcome) + "]");
  return outcome;
}

void RecordingChance::shuffle(int site, std::span<int> items) {
  source_.shuffle(site, items);
  std::string order;
  for (const int item : items) order += (order.empty() ? "" : ",") + std::to_string(item);
  append("[\"shuffle\"," + std::to_string(site) + ",[" + order + "]]");
}

std::unique_ptr<ScriptedChance> draws_script(const Json& /*config*/, const Json& line,
                                             const DecPomdpSpec&, const Snapshot&,
                                             const Place& place) {
  const Json& entries = need(need(line, "u", place), "draws", place);
  if (!entries.is_array()) place.fail("u.draws: expected a list");
  std::vector<Draw> draws;
  draws.reserve(entries.size());
  for (const Json& entry : entries) draws.push_back(read_draw(entry, place));
  return std::make_unique<DrawsScript>(std::move(draws));
}

}  // namespace qtot::env
