#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "qtot/arrays/npz.h"
#include "qtot/config/value.h"
#include "qtot/core/episode.h"
#include "qtot/learner/learner.h"

namespace qtot::oracle {

/// What one learner step needs: a batch, a network with its weights, a configuration; and, if they are
/// there, the results that somebody else's learner got. Format: docs/oracle.md.
struct Case {
  Case() = default;
  Case(Case&&) = default;
  Case& operator=(Case&&) = default;
  Case(const Case&) = delete;  // batch() points into `episodes`
  Case& operator=(const Case&) = delete;

  arrays::Npz file;  // everything that was stored
  core::DecPomdpSpec spec;
  std::vector<core::Episode> episodes;  // [B]
  std::size_t n_slots = 0;              // T + 1 of the padded arrays

  agents::AgentConfig agent;
  mixers::MixerConfig mixer;
  learner::ObjectiveConfig objective;
  learner::LearnerConfig learner;
  std::string preset;              // whose conventions these are
  bool uses_weights = false;       // prioritised replay: `weights` multiply the squared errors
  bool central_is_halved = false;  // central_loss is half the mean squared error, as in PyMARL2
  bool masked_is_squared =
      false;  // masked_td_error is loss_factor * td_error^2, as PyMARL2 names it

  nn::ParamLayout layout;
  std::vector<double> params;         // [P], in the layout's order
  std::vector<double> target_params;  // [P]
  std::vector<double> weights;        // [B] of prioritised replay, or empty

  std::vector<const core::Episode*> batch() const;
  std::size_t n_steps() const { return n_slots - 1; }  // T
};

/// Where a case's parts come from, beside its file.
struct CaseOptions {
  config::Map with;  // keys of the configuration that replace the file's
  std::filesystem::path
      params;  // safetensors with the parameters, "param/..." and "tparam/..." or bare
               // names of the online network; "" for those of the file
};

/// Reads and checks a case. Throws Error, naming file and member, for one that is damaged, incomplete,
/// or asks for an algorithm that qtot does not have.
Case load_case(const std::filesystem::path& path, const CaseOptions& options = {});
Case make_case(arrays::Npz file, const CaseOptions& options = {});

/// The tensors below `prefix` ("param/", "f64/grad/", ...) as one vector in the layout of the network:
/// every tensor must be there with its shape, and nothing else. PyMARL's mixer names are known as
/// aliases.
std::vector<double> read_params(const arrays::Npz& file, const std::string& prefix,
                                const nn::ParamLayout& layout);

/// One of them, by the name that it has in the file. Throws Error unless the network has such a tensor, of
/// that shape.
std::pair<const nn::TensorSpec*, std::vector<double>> read_param(const arrays::Npz& file,
                                                                 const std::string& prefix,
                                                                 const std::string& name,
                                                                 const nn::ParamLayout& layout);

/// Whether the results of a run in `dtype` ("f32/...", "f64/...") are stored.
bool has_outputs(const Case& input, const std::string& dtype);

}  // namespace qtot::oracle
