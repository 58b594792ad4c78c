#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "qtot/core/episode.h"
#include "qtot/learner/learner.h"
#include "support/npz.h"

namespace qtot::test {

/// A learner case: a batch, a network, a configuration, and what a PyTorch learner of the PyMARL
/// family made of them. Format: the README of the vectors.
struct Case {
  Case() = default;
  Case(Case&&) = default;
  Case(const Case&) = delete;  // `views` point into `episodes`

  Npz file;
  core::DecPomdpSpec spec;
  std::vector<core::Episode> episodes;  // [B]
  std::vector<int> lengths;             // [B]
  std::size_t n_slots = 0;              // T + 1 of the padded arrays

  agents::AgentConfig agent;
  mixers::MixerConfig mixer;
  learner::LearnerConfig learner;
  bool is_nq = false;  // PyMARL2's nq_learner: its target tensors have a row for slot 0

  core::Batch batch() const { return views; }
  std::vector<const core::Episode*> views;  // of `episodes`
};

/// Reads and checks a case. Throws Error, naming file and member, for one that is damaged, has another
/// peer's algorithm (weighted QMIX, QPLEX, ...), or options that qtot does not have (use_per, q_lambda).
Case load_case(const std::filesystem::path& path);

/// The tensors below `prefix` ("param/", "f64/grad/", ...) as one vector in the layout of the network:
/// every tensor of the layout must be there with its shape, and nothing else. PyMARL's mixer names are
/// known as aliases.
std::vector<double> read_params(const Npz& file, const std::string& prefix,
                                const nn::ParamLayout& layout);

}  // namespace qtot::test
