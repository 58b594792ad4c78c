#pragma once

#include <memory>

#include "qtot/mixers/mixer.h"

/// The constructors that mixers.def names. Each appends its tensors to `layout`; make_mixer() has
/// already checked the configuration.
namespace qtot::mixers {

#define QTOT_MIXER(name, summary) \
  template <class T>              \
  std::unique_ptr<Mixer<T>> make_##name(const MixerConfig& config, nn::ParamLayout& layout);
#include "mixers/mixers.def"
#undef QTOT_MIXER

}  // namespace qtot::mixers

/// At the end of a mixer's file: the scalars it exists for.
#define QTOT_INSTANTIATE_MIXER(name)                                                               \
  template std::unique_ptr<Mixer<float>> make_##name<float>(const MixerConfig&, nn::ParamLayout&); \
  template std::unique_ptr<Mixer<double>> make_##name<double>(const MixerConfig&, nn::ParamLayout&);
