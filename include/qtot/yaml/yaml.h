#pragma once

#include <string>
#include <vector>

#include "qtot/config/value.h"

/// Text to config::Map and back. The YAML that configurations need, and no more: maps with text
/// keys, lists, scalars. Plain scalars mean what PyYAML takes them for (True, yes, 3, .5, null),
/// with three extensions of the same spirit: 1e-5 is a number, None is no value, and an integer too
/// large for 64 bits is a number.
///
/// A file is not trusted. Errors (qtot::Error), in one sentence with file:line, for: what cannot be
/// parsed; a second document; tags, anchors and aliases; keys that are no text, stand twice or are
/// longer than 256 bytes; more than 4096 keys in a map; nesting deeper than 32; text that is not
/// UTF-8; numbers beyond the range of double; files above 1 MiB.
namespace qtot::yaml {

/// The map in the file `path`; empty for a file without content. Origins are "shown:line", where
/// `shown` is `path` unless given.
config::Map load_file(const std::string& path, const std::string& shown = "");

/// The same for text that is already read.
config::Map load_text(const std::string& text, const std::string& shown);

/// The command line's `key=value` words, later ones win. Dots in a key name nested maps
/// (env_args.map_name=3m). A value that begins with [, {, " or ' is YAML in flow style, everything
/// else one plain scalar, in which no character is special. Origins are "command line".
config::Map parse_assignments(const std::vector<std::string>& words);

/// YAML that load_text() turns into the same values, bit for bit; ends with a newline.
std::string dump(const config::Map& map);

}  // namespace qtot::yaml
