#include "envs/rware/options.h"

#include "envs/rware/layout.h"
#include "envs/rware/names.h"
#include "qtot/base/error.h"

namespace qtot::envs::rware {
namespace {

constexpr int kMaxAgents = 64;
constexpr int kMaxRows = 16;
constexpr int kMaxColumns = 31;
constexpr int kMaxColumnHeight = 32;
constexpr int kMaxQueue = 10000;
constexpr int kMaxSight = 16;

config::Rule<std::string> a_name() {
  return {
      [](const std::string& name) {
        RwareOptions scratch;
        return read_name(name, scratch);
      },
      "a name that the reference registers, such as tiny-2ag, small-4ag-hard, rware-tiny-2ag-v2 "
      "or rware:rware-tiny-2ag-v1"};
}

config::Rule<int> odd(int low, int high) {
  return {[low, high](const int& x) { return low <= x && x <= high && x % 2 == 1; },
          "odd, and in [" + std::to_string(low) + ", " + std::to_string(high) + "]"};
}

// The reference has None where we have 0, and a configuration writes it null.
config::Map without_null(config::Map args, const std::string& key) {
  std::erase_if(args, [&](const config::Entry& entry) {
    return entry.first == key && std::holds_alternative<std::monostate>(entry.second.data);
  });
  return args;
}

void settle_queue(const config::Map& args, RwareOptions& options) {
  const config::Value* difficulty = config::find(args, "difficulty");
  if (difficulty != nullptr && config::find(args, "request_queue_size") != nullptr) {
    throw Error("env_args.difficulty = " + difficulty->text() + " (" + difficulty->origin +
                "): expected either difficulty or request_queue_size, found both");
  }
  // a difficulty that was asked for goes before the queue of a name
  if (options.request_queue_size < 0 || difficulty != nullptr) {
    options.request_queue_size = options.difficulty == "easy"   ? 2 * options.n_agents
                                 : options.difficulty == "hard" ? options.n_agents / 2
                                                                : options.n_agents;
  }
}

void refuse_what_does_not_fit(const RwareOptions& options) {
  const int n_cells = options.height() * options.width();
  if (options.n_agents > n_cells) {
    throw Error("env_args.n_agents = " + std::to_string(options.n_agents) + ": only " +
                std::to_string(n_cells) + " agents fit into the warehouse");
  }
  const int n_shelves = static_cast<int>(make_layout(options).shelves.size());
  if (options.request_queue_size >= n_shelves) {
    throw Error("env_args.map_name = \"" + options.map_name + "\": " +
                std::to_string(options.request_queue_size) + " of " + std::to_string(n_shelves) +
                " shelves requested at once leave none to be requested next; lower "
                "request_queue_size");
  }
}

}  // namespace

void RwareOptions::options(config::Options& o) {
  o.add("map_name", map_name, "the name of a task, whose arguments are the defaults", a_name());
  o.add("n_agents", n_agents, "robots", config::between(1, kMaxAgents));
  o.add("shelf_rows", shelf_rows, "blocks of shelves from top to bottom",
        config::between(1, kMaxRows));
  o.add("shelf_columns", shelf_columns, "blocks of shelves from left to right",
        odd(1, kMaxColumns));
  o.add("column_height", column_height, "rows of shelves in a block",
        config::between(1, kMaxColumnHeight));
  o.add("difficulty", difficulty,
        "requested shelves: twice as many as agents (easy), as many (normal), or half (hard)",
        config::one_of({"easy", "normal", "hard"}));
  o.add("request_queue_size", request_queue_size,
        "requested shelves, instead of difficulty; -1: by difficulty",
        config::between(-1, kMaxQueue));
  o.add("sensor_range", sensor_range, "cells seen on each side", config::between(1, kMaxSight));
  o.add("msg_bits", msg_bits, "bits that agents send each other", config::equal_to(0));
  o.add("reward_type", reward_type,
        "who is paid for a delivery: its agent, everybody, or its agent half now and half when the "
        "shelf is back",
        config::one_of({"individual", "global", "two_stage"}));
  o.add("common_reward", common_reward, "how the agents' rewards make the team's",
        config::one_of({"sum", "mean"}));
  o.add("episode_limit", episode_limit, "steps of an episode", config::between(1, 1000000));
  o.add("max_inactivity_steps", max_inactivity_steps,
        "steps without a delivery that end an episode; 0 or null: none",
        config::between(0, 1000000));
  o.add(
      "limit_terminates", limit_terminates,
      "whether the last step ends the episode (the reference) or is a time limit that bootstraps");
  o.add("observation", observation,
        "numbers of the agent and its window; the window as layers; layers and the agent's numbers",
        config::one_of({"flattened", "image", "image_dict"}));
  o.add("image_directional", image_directional,
        "whether the layers are turned so that the agent looks up");
  o.add("normalised_coordinates", normalised_coordinates,
        "whether flattened observations have coordinates in [0, 1]");
  o.add(
      "ties", ties,
      "which of equally long queues for a cell moves: that of the agent with the lowest index, or "
      "a drawn one",
      config::one_of({"lowest_index", "drawn"}));
}

std::vector<std::string> maps() {
  return {"tiny-2ag",       "tiny-2ag-easy", "tiny-2ag-hard", "tiny-4ag",
          "tiny-4ag-easy",  "tiny-4ag-hard", "small-4ag",     "small-4ag-easy",
          "small-4ag-hard", "medium-4ag",    "large-4ag"};
}

RwareOptions read_options(const config::Map& args) {
  RwareOptions options;
  if (const config::Value* value = config::find(args, "map_name")) {
    const auto* name = std::get_if<std::string>(&value->data);
    if (name != nullptr) read_name(*name, options);
  }
  config::Options reader(without_null(args, "max_inactivity_steps"), "env_args.");
  options.options(reader);
  reader.refuse_unknown("environment rware");
  settle_queue(args, options);
  refuse_what_does_not_fit(options);
  return options;
}

}  // namespace qtot::envs::rware
