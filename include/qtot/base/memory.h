#pragma once

#include <cstddef>
#include <string>

namespace qtot {

/// Gives the whole pages inside [begin, begin + n_bytes) back to the system where that is worth a call.
/// The memory stays the caller's: what it holds is lost, and it reads as zeros until it is written again.
void release_pages(void* begin, std::size_t n_bytes);

/// Bytes of this process that lie in memory now.
std::size_t resident_bytes();

/// Bytes that this process can ever have: the machine's memory, or less where a control group that it runs
/// in or its limit of address space allows less. The largest number where nobody says.
std::size_t memory_limit_bytes();

/// The least that the control groups (version 1 or 2) of a `list` such as /proc/self/cgroup allow; `root` is
/// where they are mounted, as /sys/fs/cgroup. The largest number where nobody says.
std::size_t control_group_bytes(const std::string& list, const std::string& root);

}  // namespace qtot
