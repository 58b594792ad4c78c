#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/verbs.h"
#include "qtot/base/error.h"
#include "qtot/metrics/progress_bar.h"
#include "qtot/oracle/check.h"
#include "qtot/oracle/diagnose.h"
#include "qtot/oracle/diagnosis_json.h"
#include "qtot/oracle/report.h"
#include "qtot/oracle/step_file.h"
#include "qtot/oracle/tolerance.h"
#include "qtot/oracle/unit_check.h"
#include "qtot/yaml/yaml.h"

namespace qtot::cli {
namespace {

using Json = nlohmann::ordered_json;

struct OracleArguments {
  std::vector<std::string> words;  // case files and assignments
  std::string dtype = "f64";
  std::string params;
  std::string out;
  std::string tolerance = "pass";
  bool json = false;
  bool all = false;
  bool singles = false;

  std::vector<std::string> files() const {
    std::vector<std::string> files;
    for (const std::string& word : words) {
      if (word != "with" && !is_assignment(word)) files.push_back(word);
    }
    if (files.empty()) throw Error("no case file is named: qtot oracle --help");
    return files;
  }
  oracle::CaseOptions options() const {
    std::vector<std::string> assignments;
    std::ranges::copy_if(words, std::back_inserter(assignments), is_assignment);
    return {.with = yaml::parse_assignments(assignments), .params = params};
  }
  oracle::Dtype type() const {
    if (dtype == "f32") return oracle::Dtype::kF32;
    return dtype == "wide" ? oracle::Dtype::kWide : oracle::Dtype::kF64;
  }

 private:
  static bool is_assignment(const std::string& word) {
    return word.find('=') != std::string::npos && !word.ends_with(".npz");
  }
};

oracle::Report report_of(const std::string& path, const OracleArguments& arguments,
                         const oracle::CheckOptions& options) {
  arrays::Npz file = arrays::Npz::load(path);
  if (oracle::is_unit_file(file)) {
    if (!arguments.options().with.empty() || !arguments.params.empty() || options.certified) {
      throw Error(path + ": a file of one part takes no keys, parameters or certificate");
    }
    return oracle::check_unit(file, options.dtype, options.rule);
  }
  return oracle::check(oracle::make_case(std::move(file), arguments.options()), options);
}

// A file that cannot be checked does not keep the others from it.
ExitCode check(const OracleArguments& arguments) {
  const oracle::CheckOptions options =
      oracle::read_tolerance(arguments.tolerance, arguments.type());
  const std::vector<std::string> files = arguments.files();
  Json reports = Json::array();
  ExitCode exit_code = ExitCode::kDone;
  for (const std::string& path : files) {
    try {
      const oracle::Report report = report_of(path, arguments, options);
      if (!report.agrees() && exit_code == ExitCode::kDone) exit_code = ExitCode::kFailed;
      if (arguments.json) {
        reports.push_back(oracle::to_json(report));
      } else {
        std::cout << oracle::to_text(report, arguments.all) << (files.size() > 1 ? "\n" : "");
      }
    } catch (const Error& error) {
      if (files.size() == 1) throw;
      exit_code = error.exit_code();
      std::cerr << "qtot: " << error.what() << '\n';
      reports.push_back({{"source", path}, {"agrees", false}, {"error", error.what()}});
    }
  }
  if (arguments.json) {
    std::cout << Json{{"agrees", exit_code == ExitCode::kDone}, {"cases", reports}}.dump(2) << '\n';
  }
  return exit_code;
}

ExitCode step(const OracleArguments& arguments) {
  const std::vector<std::string> files = arguments.files();
  if (files.size() != 1) throw Error("oracle step takes one case file");
  const oracle::CaseOptions options = arguments.options();
  const oracle::Case input = oracle::load_case(files[0], options);
  const oracle::Step result = oracle::run_step(input, arguments.type());
  oracle::step_file(input, result, arguments.type(), options.with).save(arguments.out);
  if (arguments.json) {
    Json tensors = Json::array();
    for (const oracle::Tensor& tensor : result.tensors) {
      tensors.push_back({{"name", tensor.name}, {"shape", tensor.shape}});
    }
    std::cout << Json{{"out", arguments.out},
                      {"dtype", arguments.dtype},
                      {"preset", input.preset},
                      {"tensors", tensors}}
                     .dump(2)
              << '\n';
  } else {
    std::cout << arguments.out << ": " << result.tensors.size() << " tensors in " << arguments.dtype
              << ", conventions of " << input.preset << ", loss " << result.find("loss")->values[0]
              << '\n';
  }
  return ExitCode::kDone;
}

// Pairs take minutes on large cases. A search that nobody watches says nothing until it is done.
oracle::Diagnosis diagnose_watched(const oracle::Case& input, oracle::DiagnoseOptions options) {
  const metrics::ProgressStyle style = metrics::ProgressStyle::of_stderr();
  if (!style.on_terminal) return oracle::diagnose(input, options);
  metrics::ProgressBar bar(std::cerr, style);
  metrics::Progress progress;
  progress.unit = "combinations";
  options.progress = [&](std::size_t done, std::size_t all) {
    progress.t_env = static_cast<std::int64_t>(done);
    progress.t_max = static_cast<std::int64_t>(all);
    bar.show(progress);
  };
  oracle::Diagnosis diagnosis = oracle::diagnose(input, options);
  if (diagnosis.n_tried > 1) bar.finish(progress);
  return diagnosis;
}

ExitCode diagnose(const OracleArguments& arguments) {
  oracle::DiagnoseOptions options;
  options.pairs = !arguments.singles;
  Json documents = Json::array();
  bool all_explained = true;
  for (const std::string& path : arguments.files()) {
    const oracle::Case input = oracle::load_case(path, arguments.options());
    const oracle::Diagnosis diagnosis = diagnose_watched(input, options);
    all_explained =
        all_explained && (diagnosis.as_asked.agrees() || !diagnosis.explanations.empty());
    if (!arguments.json) {
      std::cout << oracle::to_text(diagnosis);
      continue;
    }
    documents.push_back(oracle::to_json(diagnosis));
  }
  if (arguments.json) {
    std::cout << Json{{"explained", all_explained}, {"cases", documents}}.dump(2) << '\n';
  }
  return all_explained ? ExitCode::kDone : ExitCode::kFailed;
}

ExitCode catalogue(bool json) {
  Json document = Json::array();
  for (const oracle::Deviation& one : oracle::deviations()) {
    if (json) {
      document.push_back({{"id", one.id}, {"sentence", one.sentence}, {"quirk", one.is_quirk}});
    } else {
      std::cout << one.id << std::string(one.id.size() < 31 ? 31 - one.id.size() : 1, ' ')
                << one.sentence << '\n';
    }
  }
  if (json) std::cout << document.dump(2) << '\n';
  return ExitCode::kDone;
}

void add_files(Verb& verb, OracleArguments& arguments) {
  verb.option("words", arguments.words,
              "case files; [with] key=value ... replaces keys of their configuration")
      .required()
      .type_name("CASE.npz");
  verb.option("--params", arguments.params,
              "weights from here in place of the case's: param/NAME (or NAME), tparam/NAME")
      .type_name("FILE.safetensors");
  verb.json_flag(arguments.json);
}

void add_common(Verb& verb, OracleArguments& arguments) {
  add_files(verb, arguments);
  verb.option("--dtype", arguments.dtype,
              "arithmetic: f32, f64 (default), or wide, 113 bits of significand")
      .one_of({"f32", "f64", "wide"});
}

void add_step(Verb& oracle) {
  Verb verb = oracle.verb(
      "step", "One learner step on a case: writes every intermediate value and gradient");
  auto arguments = std::make_shared<OracleArguments>();
  add_common(verb, *arguments);
  verb.option("--out", arguments->out, "where to write the case with its outputs")
      .required()
      .type_name("OUT.npz");
  verb.action([arguments] { return step(*arguments); });
}

void add_check(Verb& oracle) {
  Verb verb =
      oracle.verb("check", "Compare the outputs that a case stores with qtot's, in dataflow order");
  auto arguments = std::make_shared<OracleArguments>();
  add_common(verb, *arguments);
  verb.option("--tolerance", arguments->tolerance,
              "pass (default): the rule of docs/oracle.md; certified: what rounding may do to "
              "this very case; or numbers: value=1e-5,scalar=..,gradient=..,param=..,f64=..")
      .type_name("RULE");
  verb.flag("--all", arguments->all, "also the gradients and parameters that agree");
  verb.action([arguments] { return check(*arguments); });
}

void add_diagnose(Verb& oracle) {
  Verb verb =
      oracle.verb("diagnose",
                  "Which convention or mistake gives the outputs that a case stores? Tries the "
                  "catalogue, one deviation and two at a time");
  auto arguments = std::make_shared<OracleArguments>();
  add_files(verb, *arguments);
  verb.flag("--single", arguments->singles, "one deviation at a time, no pairs");
  verb.action([arguments] { return diagnose(*arguments); });
}

void add_catalogue(Verb& oracle) {
  Verb verb = oracle.verb("catalogue", "The quirks and mistakes that diagnose knows");
  auto json = std::make_shared<bool>(false);
  verb.json_flag(*json);
  verb.action([json] { return catalogue(*json); });
}

}  // namespace

void add_oracle(Verb& app) {
  Verb verb = app.verb(
      "oracle", "What must every number of a learner step be, and where does yours first differ?");
  verb.require_verb();
  add_step(verb);
  add_check(verb);
  add_diagnose(verb);
  add_catalogue(verb);
}

}  // namespace qtot::cli
