#pragma once

#include <string>
#include <vector>

/// Environments in shared libraries, behind the C interface of qtot/env/plugin.h.
namespace qtot::plugin {

/// Loads the library and adds its environment to the registry, where it stays for the life of the process;
/// a file that is loaded already is left alone. Returns the name of the environment. To be called before
/// other threads look at the families.
///
/// What the environment returns is checked at every call: a violation is an Error that names the file and
/// the entry, with exit code 1 for what happens in an episode.
///
/// Throws Error, naming the file, when it is missing, no library, or no plugin of this interface, when what
/// it says of itself is wrong, when its name is taken, and when loading it has changed the mode of
/// floating-point arithmetic, which is then put back.
std::string load(const std::string& file);

/// Stands for the contents of the files in their order, for comparing ranks; "" for none.
std::string identity(const std::vector<std::string>& files);

}  // namespace qtot::plugin
