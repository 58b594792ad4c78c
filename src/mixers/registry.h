#pragma once

#include <memory>

#include "qtot/math/scalars.h"
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

#define QTOT_INSTANTIATE_MIXER_FOR(name, T) \
  template std::unique_ptr<Mixer<T>> make_##name<T>(const MixerConfig&, nn::ParamLayout&);

/// At the end of a mixer's file: the scalars it exists for.
#ifdef QTOT_WIDE
#define QTOT_INSTANTIATE_MIXER(name)       \
  QTOT_INSTANTIATE_MIXER_FOR(name, float)  \
  QTOT_INSTANTIATE_MIXER_FOR(name, double) \
  QTOT_INSTANTIATE_MIXER_FOR(name, math::Wide)
#else
#define QTOT_INSTANTIATE_MIXER(name)      \
  QTOT_INSTANTIATE_MIXER_FOR(name, float) \
  QTOT_INSTANTIATE_MIXER_FOR(name, double)
#endif
