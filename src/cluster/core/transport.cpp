#include "qtot/cluster/transport.h"

namespace qtot::cluster {

std::string_view name_of(Channel channel) {
  switch (channel) {
    case Channel::kControl:
      return "control";
    case Channel::kOutlines:
      return "outlines";
    case Channel::kEpisodes:
      return "episodes";
    case Channel::kGradients:
      return "gradients";
  }
  return "";
}

}  // namespace qtot::cluster
