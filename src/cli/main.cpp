#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>
#include <new>

#include "cli/verbs.h"
#include "qtot/bridge/python_envs.h"
#include "qtot/config/value.h"
#include "qtot/math/fp_environment.h"
#include "qtot/version.h"

namespace {

constexpr const char* kDescription =
    "QMIX and its relatives for cooperative multi-agent reinforcement learning: multithreaded, on\n"
    "CPUs, and reproducible to the bit.\n\n"
    "First steps:\n"
    "  qtot train --config=qmix_predator_prey --env-config=stag_hunt_small with t_max=150000\n"
    "  qtot eval RUN          how good is it?\n"
    "  qtot digest RUN        is it the same, bit for bit?\n"
    "  qtot config            which keys are there, and where does each value come from?";

constexpr const char* kFooter =
    "Exit codes: 0 done; 1 a check failed or the work could not be done; 2 bad usage or input;\n"
    "75 stopped by a signal or a lost rank, can be resumed.";

int code(qtot::ExitCode exit_code) {
  return static_cast<int>(exit_code);
}

// CLI11 would only say that a subcommand is missing.
void require_known_verb(const CLI::App& app, const std::string& word) {
  if (word.starts_with("-")) return;
  std::vector<std::string> known;
  std::string list;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (verb->get_name() == word) return;
    known.push_back(verb->get_name());
    list += " " + verb->get_name();
  }
  const std::string near = qtot::config::nearest(word, known);
  throw qtot::Error(word + ": no such verb;" + (near.empty() ? "" : " did you mean " + near + "?") +
                    " known:" + list + "; qtot --help says more");
}

}  // namespace

// What the handlers below may throw in turn, like memory running out twice, may end the program.
int main(int argc, char** argv) {  // NOLINT(bugprone-exception-escape)
  CLI::App app(kDescription, "qtot");
  app.footer(kFooter);
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("qtot ") + qtot::kVersion);
  app.get_formatter()->column_width(34);
  qtot::ExitCode exit_code = qtot::ExitCode::kDone;
  qtot::bridge::add_python_family();
  qtot::cli::Verb program(app, exit_code);
  qtot::cli::add_train(program);
  qtot::cli::add_sweep(program);
  qtot::cli::add_report(program);
  qtot::cli::add_eval(program);
  qtot::cli::add_digest(program);
  qtot::cli::add_diff(program);
  qtot::cli::add_config(program);
  qtot::cli::add_env(program);
  qtot::cli::add_oracle(program);
  qtot::cli::add_bench(program);
  qtot::cli::add_games(program);
  try {
    qtot::math::require_ieee_arithmetic();  // before any thread starts: threads inherit it
    if (argc > 1) require_known_verb(app, argv[1]);
    app.parse(argc, argv);
    std::cout.flush();
    if (!std::cout) {
      throw qtot::Error("standard output cannot be written: is the disk full?",
                        qtot::ExitCode::kFailed);
    }
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    std::cerr << "qtot: " << error.what() << "; qtot --help shows what is there\n";
    return code(qtot::ExitCode::kBadInput);
  } catch (const qtot::Error& error) {
    std::cerr << "qtot: " << error.what() << '\n';
    return code(error.exit_code());
  } catch (const std::bad_alloc&) {
    std::cerr << "qtot: out of memory; a smaller buffer_size or batch_size needs less\n";
    return code(qtot::ExitCode::kFailed);
  } catch (const std::exception& error) {
    std::cerr << "qtot: " << error.what() << '\n';
    return code(qtot::ExitCode::kFailed);
  }
  return code(exit_code);
}
