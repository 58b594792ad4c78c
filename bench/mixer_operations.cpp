#include "bench/mixer_operations.h"

#include <algorithm>
#include <vector>

#include "qtot/base/error.h"

namespace qtot::bench {
namespace {

// Layers of these widths, the input's first.
MixerOperations network(const std::vector<double>& widths) {
  MixerOperations sum;
  for (std::size_t i = 1; i < widths.size(); ++i) {
    const double product = 2 * widths[i - 1] * widths[i];
    sum.forward += product;
    sum.backward += i == 1 ? product : 2 * product;  // the input is data
  }
  return sum;
}

MixerOperations times(double n, MixerOperations one) {
  return {.forward = n * one.forward, .backward = n * one.backward};
}

MixerOperations total(const std::vector<MixerOperations>& parts) {
  MixerOperations sum;
  for (const MixerOperations& part : parts) {
    sum.forward += part.forward;
    sum.backward += part.backward;
  }
  return sum;
}

MixerOperations of_qmix(double n, double s, const mixers::MixerConfig& mixer) {
  const double e = mixer.mixing_embed_dim, w = mixer.hypernet_embed;
  const double hypernets = 2 * s * w + 2 * s * e + w * n * e + w * e + e;
  return {.forward = 2 * hypernets + 4 * (n * e + e),
          .backward = 2 * hypernets + 2 * (w * n * e + w * e) + 8 * n * e};
}

// What lam is made of: the logits of all heads.
MixerOperations of_attention(double n, double s, double hidden, double d,
                             const mixers::MixerConfig& mixer) {
  const double heads = mixer.n_heads, u = mixer.unit_dim;
  const MixerOperations logits = {.forward = 2 * n * d, .backward = 3 * n * d};
  return total({times(heads, network({s, hidden, d})), times(heads * n, network({u, d})),
                times(heads, logits)});
}

MixerOperations of_qatten(double n, double s, const mixers::MixerConfig& mixer) {
  const double heads = mixer.n_heads;
  const MixerOperations mixing = {.forward = 2 * n + 2, .backward = 4 * n + 4};
  return total({of_attention(n, s, mixer.query_hidden, mixer.key_embed, mixer),
                times(heads, mixing), network({s, static_cast<double>(mixer.head_hidden), heads}),
                network({s, static_cast<double>(mixer.value_hidden), 1})});
}

MixerOperations of_kernels(double n, double s, const mixers::MixerConfig& mixer) {
  const double h = mixer.kernel_hidden;
  const auto kernel = [&](double out) {
    std::vector<double> widths = {s};
    widths.insert(widths.end(), static_cast<std::size_t>(mixer.kernel_layers - 1), h);
    widths.push_back(out);
    return network(widths);
  };
  const double first = mixer.kernel_layers == 1 ? n : h;
  const MixerOperations one_hots = {.forward = n * first, .backward = n * first};
  const MixerOperations products = {.forward = 3 * n, .backward = 10 * n};
  return times(mixer.n_kernels, total({kernel(1), kernel(n), kernel(n), one_hots, products}));
}

MixerOperations of_qplex(double n, double s, const mixers::MixerConfig& mixer) {
  return total({times(2, network({s, static_cast<double>(mixer.hypernet_embed), n})),
                of_kernels(n, s, mixer)});
}

// The regulariser works its logits out once more.
MixerOperations of_qplex_qatten(double n, double s, const mixers::MixerConfig& mixer) {
  const double heads = mixer.n_heads, d = mixer.mixing_embed_dim, hidden = mixer.hypernet_embed;
  const MixerOperations mixing = {.forward = 2 * n, .backward = 4 * n};
  return total({times(2, of_attention(n, s, hidden, d, mixer)), times(heads, mixing),
                network({s, hidden, heads}), network({s, d, 1}), of_kernels(n, s, mixer)});
}

}  // namespace

mixers::MixerConfig mixer_of_bench(const core::DecPomdpSpec& spec, const std::string& name) {
  mixers::MixerConfig mixer;
  mixer.mixer = name;
  mixer.unit_dim = std::max(1, spec.state_dim / spec.n_agents);
  return mixer;
}

MixerOperations mixer_operations(const core::DecPomdpSpec& spec, const mixers::MixerConfig& mixer) {
  const double n = spec.n_agents, s = spec.state_dim;
  if (mixer.mixer == "qmix") return of_qmix(n, s, mixer);
  if (mixer.mixer == "qatten") return of_qatten(n, s, mixer);
  if (mixer.mixer == "qplex") return of_qplex(n, s, mixer);
  if (mixer.mixer == "qplex_qatten") return of_qplex_qatten(n, s, mixer);
  if (mixer.mixer == "vdn" || mixer.mixer == "iql") return {};
  throw Error(
      "--mixer " + mixer.mixer +
      ": expected qmix, qatten, qplex, qplex_qatten, vdn or iql, whose operations are counted");
}

}  // namespace qtot::bench
