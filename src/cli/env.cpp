#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/verbs.h"
#include "qtot/env/env.h"
#include "qtot/env/playthrough.h"
#include "qtot/env_check/trace_check.h"
#include "qtot/env_check/trace_record.h"
#include "qtot/yaml/yaml.h"

namespace qtot::cli {
namespace {

using Json = nlohmann::ordered_json;

ExitCode list(bool json) {
  if (json) {
    Json document = Json::array();
    for (const env::EnvFamily& family : env::families()) {
      document.push_back(
          {{"name", family.name}, {"summary", family.summary}, {"maps", family.maps()}});
    }
    std::cout << document.dump(2) << '\n';
    return ExitCode::kDone;
  }
  for (const env::EnvFamily& family : env::families()) {
    std::cout << std::left << std::setw(14) << family.name << family.summary << '\n';
    for (const std::string& map : family.maps()) {
      std::cout << std::setw(14) << ""
                << "env_args.map_name=" << map << '\n';
    }
  }
  return ExitCode::kDone;
}

struct InfoArguments {
  PluginArguments plugins;
  std::string name;
  std::vector<std::string> words;
  bool json = false;
};

ExitCode info(const InfoArguments& arguments) {
  arguments.plugins.load();
  const env::EnvFamily& family = env::family(arguments.name);
  const auto env = family.make(yaml::parse_assignments(assignments(arguments.words)));
  const core::DecPomdpSpec& spec = env->spec();
  if (arguments.json) {
    Json options = Json::array();
    for (const config::OptionInfo& option : family.options()) {
      options.push_back({{"key", option.key},
                         {"type", option.type},
                         {"default", option.default_value},
                         {"rule", option.rule},
                         {"help", option.help}});
    }
    const Json document = {{"name", family.name},
                           {"summary", family.summary},
                           {"n_agents", spec.n_agents},
                           {"n_actions", spec.n_actions},
                           {"obs_shape", spec.obs_dim},
                           {"state_shape", spec.state_dim},
                           {"episode_limit", spec.episode_limit},
                           {"env_args", options}};
    std::cout << document.dump(2) << '\n';
    return ExitCode::kDone;
  }
  std::cout << family.name << ": " << family.summary << "\n\n"
            << "agents " << spec.n_agents << ", actions " << spec.n_actions << ", observation "
            << spec.obs_dim << ", state " << spec.state_dim << ", episode limit "
            << spec.episode_limit << "\n\nenv_args:\n";
  for (const config::OptionInfo& option : family.options()) {
    std::cout << "  " << std::left << std::setw(26) << option.key << std::setw(20)
              << option.default_value << option.help;
    if (!option.rule.empty()) std::cout << " (must be " << option.rule << ")";
    std::cout << '\n';
  }
  return ExitCode::kDone;
}

Json to_json(const env::TraceMismatch& mismatch) {
  return {{"line", mismatch.line},
          {"mode", mismatch.mode},
          {"field", mismatch.field},
          {"expected", mismatch.expected},
          {"found", mismatch.found}};
}

Json to_json(const env::PositionReport& positions) {
  const double share = positions.n_compared == 0 ? 1.0
                                                 : static_cast<double>(positions.n_same_bits) /
                                                       static_cast<double>(positions.n_compared);
  return {{"values", positions.n_compared},
          {"bit_equal", positions.n_same_bits},
          {"bit_equal_share", share},
          {"max_error", positions.max_error},
          {"steps_beyond", positions.n_steps_beyond},
          {"steps_explained_by_one_ulp", positions.n_ulp_steps},
          {"steps_small", positions.n_small_steps},
          {"steps_wrong", positions.n_wrong_steps},
          {"free_run_steps", positions.n_free_steps},
          {"free_run_episodes", positions.n_free_episodes}};
}

Json to_json(const env::NumbersReport& numbers) {
  return {{"values", numbers.n_compared},
          {"bit_equal", numbers.n_equal},
          {"bit_equal_ratio", numbers.ratio()},
          {"max_error", numbers.max_error}};
}

Json to_json(const env::TraceReport& report) {
  Json document = {{"file", report.file},
                   {"env", report.env},
                   {"ok", report.ok()},
                   {"episodes", report.n_episodes},
                   {"steps", report.n_steps},
                   {"values", report.n_values},
                   {"mismatches", report.n_mismatches},
                   {"teacher_forced", to_json(report.forced)},
                   {"free_run", to_json(report.free)}};
  if (report.first) document["first"] = to_json(*report.first);
  if (report.positions) document["positions"] = to_json(*report.positions);
  for (const env::TraceMismatch& mismatch : report.listed) {
    document["listed"].push_back(to_json(mismatch));
  }
  return document;
}

std::string text_of(const env::TraceMismatch& mismatch) {
  return "line " + std::to_string(mismatch.line) + " (" + mismatch.mode + "): " + mismatch.field +
         " expected " + mismatch.expected + ", found " + mismatch.found;
}

void print_readable(const env::PositionReport& positions, const env::TraceReport& report) {
  std::cout << "         positions: " << positions.n_same_bits << " of " << positions.n_compared
            << " values bit-equal, largest error " << positions.max_error << "; "
            << positions.n_steps_beyond << " steps beyond 1e-5: " << positions.n_ulp_steps
            << " explained by one ulp, " << positions.n_small_steps << " below 1e-3, "
            << positions.n_wrong_steps << " wrong\n"
            << "         free-run: " << positions.n_free_steps << " of " << report.n_steps
            << " steps before leaving the recording, " << positions.n_free_episodes << " of "
            << report.n_episodes << " episodes to their end\n";
}

void print_readable(const char* mode, const env::NumbersReport& numbers) {
  constexpr double kPercent = 100;
  std::cout << "         " << mode << ": " << kPercent * numbers.ratio()
            << " % of the values bit-equal, largest error " << numbers.max_error << '\n';
}

void print_readable(const env::TraceReport& report) {
  std::cout << (report.ok() ? "ok     " : "differs") << "  " << report.file << ": "
            << report.n_episodes << " episodes, " << report.n_steps << " steps, " << report.n_values
            << " values";
  if (report.first) {
    std::cout << ", " << report.n_mismatches << " mismatches; first in " << text_of(*report.first);
  }
  std::cout << '\n';
  print_readable("teacher-forced", report.forced);
  print_readable("free-run", report.free);
  if (report.positions) print_readable(*report.positions, report);
  for (const env::TraceMismatch& mismatch : report.listed) {
    std::cout << "         " << text_of(mismatch) << '\n';
  }
}

struct CheckArguments {
  PluginArguments plugins;
  std::vector<std::string> traces;
  bool verbose = false;
  bool json = false;
};

ExitCode check(const CheckArguments& arguments) {
  arguments.plugins.load();
  constexpr std::size_t kListed = 20;
  const env::TraceOptions options = {.n_listed = arguments.verbose ? kListed : 0};
  std::vector<env::TraceReport> reports;
  bool all_ok = true;
  for (const std::string& trace : arguments.traces) {
    reports.push_back(env::check_trace(trace, options));
    all_ok = all_ok && reports.back().ok();
    if (!arguments.json) print_readable(reports.back());
  }
  if (arguments.json) {
    Json document = Json::array();
    for (const env::TraceReport& report : reports) document.push_back(to_json(report));
    std::cout << Json{{"ok", all_ok}, {"traces", document}}.dump(2) << '\n';
  }
  return all_ok ? ExitCode::kDone : ExitCode::kFailed;
}

void add_list(Verb& env) {
  Verb verb = env.verb("list", "The environments and their maps");
  struct Arguments {
    PluginArguments plugins;
    bool json = false;
  };
  auto arguments = std::make_shared<Arguments>();
  arguments->plugins.add_to(verb);
  verb.json_flag(arguments->json);
  verb.action([arguments] {
    arguments->plugins.load();
    return list(arguments->json);
  });
}

void add_info(Verb& env) {
  Verb verb = env.verb("info", "Sizes and arguments of one environment");
  auto arguments = std::make_shared<InfoArguments>();
  verb.option("name", arguments->name, "environment").required().type_name("NAME");
  verb.option("words", arguments->words, "[with] key=value ...: its arguments")
      .type_name("KEY=VALUE");
  arguments->plugins.add_to(verb);
  verb.json_flag(arguments->json);
  verb.action([arguments] { return info(*arguments); });
}

void add_check(Verb& env) {
  Verb verb = env.verb("check", "Replay recordings of the reference environments, or of ours");
  auto arguments = std::make_shared<CheckArguments>();
  verb.option("traces", arguments->traces, "recordings").required().type_name("TRACE.jsonl[.gz]");
  verb.flag("--verbose", arguments->verbose, "list the first 20 differences of each recording");
  arguments->plugins.add_to(verb);
  verb.json_flag(arguments->json);
  verb.action([arguments] { return check(*arguments); });
}

struct RecordArguments {
  PluginArguments plugins;
  env::RecordOptions options;
  std::vector<std::string> words;
  std::string out;
  bool json = false;
};

ExitCode record(RecordArguments arguments) {
  arguments.plugins.load();
  arguments.options.env_args = yaml::parse_assignments(assignments(arguments.words));
  const env::RecordReport report = env::record_trace(arguments.out, arguments.options);
  if (arguments.json) {
    std::cout << Json{{"file", arguments.out},
                      {"env", report.env},
                      {"episodes", report.n_episodes},
                      {"steps", report.n_steps}}
                     .dump(2)
              << '\n';
  } else {
    std::cout << arguments.out << ": " << report.n_episodes << " episodes, " << report.n_steps
              << " steps of uniform play\n";
  }
  return ExitCode::kDone;
}

void add_record(Verb& env) {
  Verb verb =
      env.verb("record", "Record uniform play, for env check and for other implementations");
  auto arguments = std::make_shared<RecordArguments>();
  verb.option("name", arguments->options.env, "environment or map").required().type_name("NAME");
  verb.option("words", arguments->words, "[with] key=value ...: its arguments")
      .type_name("KEY=VALUE");
  verb.option("--out", arguments->out, "the recording").required().type_name("TRACE.jsonl[.gz]");
  verb.option("--episodes", arguments->options.n_episodes, "how many (default: 5)")
      .range(1, 1000000);
  verb.option("--seed", arguments->options.seed, "of chance and actions (default: 1)");
  arguments->plugins.add_to(verb);
  verb.json_flag(arguments->json);
  verb.action([arguments] { return record(*arguments); });
}

void add_play(Verb& env) {
  constexpr int kUsualSteps = 20;
  struct Arguments {
    PluginArguments plugins;
    std::string name;
    std::vector<std::string> words;
    std::uint64_t seed = 1;
    int max_steps = kUsualSteps;
  };
  Verb verb = env.verb("play", "One episode of uniform play, as text");
  auto arguments = std::make_shared<Arguments>();
  verb.option("name", arguments->name, "environment, one of its maps, or environment/map")
      .required()
      .type_name("NAME");
  verb.option("words", arguments->words, "[with] key=value ...: its arguments")
      .type_name("KEY=VALUE");
  verb.option("--seed", arguments->seed, "of chance and actions (default: 1)");
  verb.option("--steps", arguments->max_steps, "at most so many (default: 20)").range(1, 1000000);
  arguments->plugins.add_to(verb);
  verb.action([arguments] {
    arguments->plugins.load();
    const std::vector<std::string> words = assignments(arguments->words);
    const auto played = env::make_named(arguments->name, yaml::parse_assignments(words));
    std::string command =
        "qtot env play " + arguments->name + " --seed=" + std::to_string(arguments->seed);
    if (arguments->max_steps != kUsualSteps) {
      command += " --steps=" + std::to_string(arguments->max_steps);
    }
    for (const std::string& word : words) command += " " + word;
    std::cout << env::playthrough(*played, command, arguments->seed, arguments->max_steps);
    return ExitCode::kDone;
  });
}

}  // namespace

void add_env(Verb& app) {
  Verb verb = app.verb("env", "Environments: list, info, check, record, play");
  verb.require_verb();
  add_list(verb);
  add_info(verb);
  add_check(verb);
  add_record(verb);
  add_play(verb);
}

}  // namespace qtot::cli
