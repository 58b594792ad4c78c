#include "env_check/rware_script.h"

#include <algorithm>
#include <array>
#include <utility>

#include "envs/rware/options.h"

namespace qtot::env {
namespace {

namespace rware = envs::rware;

constexpr std::size_t kNGoals = 2;

// The shelves that the deliveries of the left and the right goal request; 0: no delivery.
using Requests = std::array<int, kNGoals>;

class RwareScript final : public ScriptedChance {
 public:
  /// The queue before the step, and after the left goal's delivery.
  RwareScript(std::vector<int> moved, const Requests& requests, std::vector<int> before,
              std::vector<int> after_left)
      : moved_(std::move(moved)),
        requests_(requests),
        queues_{std::move(before), std::move(after_left)} {}

  // The recorded shelf is one of those that are not in the queue, counted by id.
  std::uint32_t choose(int site, int goal, std::uint32_t n) override {
    const auto g = static_cast<std::size_t>(goal);
    if (site != rware::kRequest || g >= kNGoals || requests_[g] == 0) {
      note("a request for a delivery at goal " + std::to_string(goal));
      return 0;
    }
    const int shelf = requests_[g];
    const std::vector<int>& queue = queues_[g];
    int rank = shelf - 1;
    for (const int id : queue) rank -= id < shelf;
    if (std::find(queue.begin(), queue.end(), shelf) != queue.end() ||
        rank >= static_cast<int>(n)) {
      note("shelf " + std::to_string(shelf) + ", which cannot be requested");
      return 0;
    }
    return static_cast<std::uint32_t>(rank);
  }

  bool happens(int, int agent, double) override {
    return moved_[static_cast<std::size_t>(agent)] == 1;
  }

  void shuffle(int, std::span<int>) override { note("an order"); }

 private:
  std::vector<int> moved_;  // of each agent
  Requests requests_;
  std::array<std::vector<int>, kNGoals> queues_;  // that the delivery at each goal finds
};

const std::vector<double>& array_of(const Snapshot& snapshot, const char* name) {
  static const std::vector<double> none;
  for (const auto& [key, values] : snapshot) {
    if (key == name) return values;
  }
  return none;
}

// What is recorded of one step.
class Recorded {
 public:
  Recorded(const Json& config, const Json& line, std::vector<int> queue, int n_shelves,
           int n_agents, const Place& place)
      : queue_(std::move(queue)) {
    constexpr int kMaxSide = 1 << 16;
    const auto rows = [&](const char* key, std::size_t n, std::size_t width) {
      return read_table(need(need(line, "s", place), key, place), std::string("s.") + key, n, width,
                        place);
    };
    const auto shelves = rows("shelves", static_cast<std::size_t>(n_shelves), 2);
    const auto agents = rows("agents", static_cast<std::size_t>(n_agents), 5);
    const Json& goals = need(config, "goals", place);
    if (!goals.is_array() || goals.size() != kNGoals) place.fail("config.goals: expected two");
    for (std::size_t g = 0; g < kNGoals; ++g) {
      const auto goal = read_integers(goals[g], "config.goals", 2, 0, kMaxSide, place);
      const auto is_here = [&](const std::vector<double>& cells, std::size_t at) {
        return cells[at] == goal[0] && cells[at + 1] == goal[1];
      };
      for (std::size_t i = 0; i < shelves.size(); i += 2) {
        if (is_here(shelves, i)) shelf_[g] = static_cast<int>(i / 2) + 1;
      }
      for (std::size_t i = 0; i < agents.size(); i += 5) {
        if (is_here(agents, i)) agent_[g] = static_cast<int>(i / 5);
      }
    }
    read_requests(line, n_shelves, place);
    flatten(need(line, "r", place), "r", rewards_, place);
    is_global_ = need(config, "reward_type", place) == "GLOBAL";
  }

  std::unique_ptr<RwareScript> script(std::vector<int> moved) {
    Requests requests = {};
    std::vector<int> queue = queue_;
    if (const auto at = std::find(queue.begin(), queue.end(), shelf_[0]); at != queue.end()) {
      const auto slot = static_cast<std::size_t>(at - queue.begin());
      const bool waits = shelf_[1] != 0 && !is_in(queue, shelf_[1]);
      requests[0] = waits && is_paid_on_the_right() && count(slot) == 1 ? shelf_[1] : take(slot);
      *at = requests[0];
    }
    const std::vector<int> after_left = queue;
    if (const auto at = std::find(queue.begin(), queue.end(), shelf_[1]); at != queue.end()) {
      requests[1] = take(static_cast<std::size_t>(at - queue.begin()));
    }
    return std::make_unique<RwareScript>(std::move(moved), requests, queue_, after_left);
  }

 private:
  struct Request {
    std::size_t slot = 0;
    int shelf = 0;
  };

  static bool is_in(const std::vector<int>& queue, int shelf) {
    return std::find(queue.begin(), queue.end(), shelf) != queue.end();
  }

  void read_requests(const Json& line, int n_shelves, const Place& place) {
    const Json& drawn = need(need(line, "u", place), "new_requests", place);
    if (!drawn.is_array()) place.fail("u.new_requests: expected a list");
    for (const Json& pair : drawn) {
      const auto numbers = read_integers(pair, "u.new_requests", 2, 0, n_shelves, place);
      if (numbers[0] >= static_cast<int>(queue_.size()) || numbers[1] == 0) {
        place.fail("u.new_requests: expected [a place in the queue, a shelf]");
      }
      requests_.push_back({static_cast<std::size_t>(numbers[0]), numbers[1]});
    }
  }

  long count(std::size_t slot) const {
    return std::count_if(requests_.begin(), requests_.end(),
                         [&](const Request& request) { return request.slot == slot; });
  }

  // The first shelf that is listed for the place, once; 0: none.
  int take(std::size_t slot) {
    for (Request& request : requests_) {
      if (request.slot == slot && request.shelf != 0) return std::exchange(request.shelf, 0);
    }
    return 0;
  }

  // Given a delivery on the left: whether there was one on the right, too.
  bool is_paid_on_the_right() const {
    if (is_global_) return !rewards_.empty() && rewards_[0] > 1;
    const auto agent = static_cast<std::size_t>(agent_[1]);
    return agent_[1] >= 0 && agent < rewards_.size() && rewards_[agent] > 0;
  }

  std::vector<int> queue_;  // before the step
  std::vector<Request> requests_;
  std::vector<double> rewards_;
  std::array<int, kNGoals> shelf_ = {};        // on each goal after the step; 0: none
  std::array<int, kNGoals> agent_ = {-1, -1};  // the same; -1: none
  bool is_global_ = false;
};

// The name of a member of one of the reference's enumerations, as we write it.
config::Value in_small_letters(const Json& config, const std::string& key, const Place& place) {
  const Json& name = need(config, key, place);
  if (!name.is_string()) place.fail("config." + key + ": expected text");
  auto text = name.get<std::string>();
  for (char& letter : text) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return {text, place.text()};
}

// The arguments that a recording of the usual observations need not have.
void add_observation(const Json& config, const Place& place, config::Map& args) {
  if (config.contains("layout")) must_equal(config, "layout", nullptr, place);
  if (config.contains("image_observation_layers")) {
    must_equal(config, "image_observation_layers",
               {"SHELVES", "REQUESTS", "AGENTS", "GOALS", "ACCESSIBLE"}, place);
  }
  if (config.contains("observation_type")) {
    args.emplace_back("observation", in_small_letters(config, "observation_type", place));
  }
  constexpr std::array<std::pair<const char*, const char*>, 2> kSwitches = {
      {{"image_observation_directional", "image_directional"},
       {"normalised_coordinates", "normalised_coordinates"}}};
  for (const auto& [theirs, ours] : kSwitches) {
    if (config.contains(theirs)) args.emplace_back(ours, to_value(config[theirs], place));
  }
}

}  // namespace

config::Map rware_args(const Json& config, const Place& place) {
  constexpr std::array<std::pair<const char*, const char*>, 7> kKeys = {
      {{"n_agents", "n_agents"},
       {"shelf_rows", "shelf_rows"},
       {"shelf_columns", "shelf_columns"},
       {"column_height", "column_height"},
       {"request_queue_size", "request_queue_size"},
       {"sensor_range", "sensor_range"},
       {"max_steps", "episode_limit"}}};
  must_equal(config, "msg_bits", 0, place);
  config::Map args;
  const auto add = [&args](std::string key, config::Value value) {
    args.emplace_back(std::move(key), std::move(value));
  };
  for (const auto& [theirs, ours] : kKeys) {
    add(ours, to_value(need(config, theirs, place), place));
  }
  const Json& inactivity = need(config, "max_inactivity_steps", place);
  if (!inactivity.is_null()) add("max_inactivity_steps", to_value(inactivity, place));
  add("reward_type", in_small_letters(config, "reward_type", place));
  add("limit_terminates", config::Value{true, place.text()});
  add("ties", config::Value{std::string("drawn"), place.text()});
  add_observation(config, place, args);
  return args;
}

std::unique_ptr<ScriptedChance> rware_script(const Json& config, const Json& line,
                                             const DecPomdpSpec& spec, const Snapshot& ours,
                                             const Place& place) {
  std::vector<int> queue;
  for (const double id : array_of(ours, "queue")) queue.push_back(static_cast<int>(id));
  const auto n_shelves = static_cast<int>(array_of(ours, "shelves").size() / 2);
  std::vector<int> moved = read_integers(need(need(line, "u", place), "moved", place), "u.moved",
                                         static_cast<std::size_t>(spec.n_agents), 0, 1, place);
  return Recorded(config, line, std::move(queue), n_shelves, spec.n_agents, place)
      .script(std::move(moved));
}

}  // namespace qtot::env
