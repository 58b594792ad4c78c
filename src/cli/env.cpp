#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/verbs.h"
#include "qtot/env/env.h"
#include "qtot/env/playthrough.h"
#include "qtot/env_check/trace_check.h"
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
  std::string name;
  std::vector<std::string> words;
  bool json = false;
};

ExitCode info(const InfoArguments& arguments) {
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

Json to_json(const env::TraceReport& report) {
  Json document = {{"file", report.file},
                   {"env", report.env},
                   {"ok", report.ok()},
                   {"episodes", report.n_episodes},
                   {"steps", report.n_steps},
                   {"values", report.n_values},
                   {"mismatches", report.n_mismatches}};
  if (report.first) {
    document["first"] = {{"line", report.first->line},
                         {"mode", report.first->mode},
                         {"field", report.first->field},
                         {"expected", report.first->expected},
                         {"found", report.first->found}};
  }
  return document;
}

void print_readable(const env::TraceReport& report) {
  std::cout << (report.ok() ? "ok     " : "differs") << "  " << report.file << ": "
            << report.n_episodes << " episodes, " << report.n_steps << " steps, " << report.n_values
            << " values";
  if (report.first) {
    std::cout << ", " << report.n_mismatches << " mismatches; first in line " << report.first->line
              << " (" << report.first->mode << "): " << report.first->field << " expected "
              << report.first->expected << ", found " << report.first->found;
  }
  std::cout << '\n';
}

ExitCode check(const std::vector<std::string>& traces, bool json) {
  bool all_ok = true;
  Json document = Json::array();
  for (const std::string& trace : traces) {
    const env::TraceReport report = env::check_trace(trace);
    all_ok = all_ok && report.ok();
    json ? document.push_back(to_json(report)) : print_readable(report);
  }
  if (json) std::cout << Json{{"ok", all_ok}, {"traces", document}}.dump(2) << '\n';
  return all_ok ? ExitCode::kDone : ExitCode::kFailed;
}

void add_list(Verb& env) {
  Verb verb = env.verb("list", "The environments and their maps");
  auto json = std::make_shared<bool>(false);
  verb.json_flag(*json);
  verb.action([json] { return list(*json); });
}

void add_info(Verb& env) {
  Verb verb = env.verb("info", "Sizes and arguments of one environment");
  auto arguments = std::make_shared<InfoArguments>();
  verb.option("name", arguments->name, "environment").required().type_name("NAME");
  verb.option("words", arguments->words, "[with] key=value ...: its arguments")
      .type_name("KEY=VALUE");
  verb.json_flag(arguments->json);
  verb.action([arguments] { return info(*arguments); });
}

void add_check(Verb& env) {
  Verb verb = env.verb("check", "Replay recordings of the reference environments, exactly");
  auto traces = std::make_shared<std::vector<std::string>>();
  auto json = std::make_shared<bool>(false);
  verb.option("traces", *traces, "recordings").required().type_name("TRACE.jsonl[.gz]");
  verb.json_flag(*json);
  verb.action([traces, json] { return check(*traces, *json); });
}

void add_play(Verb& env) {
  struct Arguments {
    std::string name;
    std::uint64_t seed = 1;
    int max_steps = 20;
  };
  Verb verb = env.verb("play", "One episode of uniform play, as text");
  auto arguments = std::make_shared<Arguments>();
  verb.option("name", arguments->name, "environment").required().type_name("NAME");
  verb.option("--seed", arguments->seed, "of chance and actions (default: 1)");
  verb.option("--steps", arguments->max_steps, "at most so many (default: 20)").range(1, 1000000);
  verb.action([arguments] {
    const auto played = env::family(arguments->name).make({});
    const std::string command =
        "qtot env play " + arguments->name + " --seed=" + std::to_string(arguments->seed);
    std::cout << env::playthrough(*played, command, arguments->seed, arguments->max_steps);
    return ExitCode::kDone;
  });
}

}  // namespace

void add_env(Verb& app) {
  Verb verb = app.verb("env", "Environments: list, info, check, play");
  verb.require_verb();
  add_list(verb);
  add_info(verb);
  add_check(verb);
  add_play(verb);
}

}  // namespace qtot::cli
