#include "qtot/base/memory.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <limits>
#include <string>

namespace qtot {
namespace {

constexpr std::size_t kUnknown = std::numeric_limits<std::size_t>::max();

std::size_t page_size() {
  static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

std::size_t machine_bytes() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  return pages > 0 ? static_cast<std::size_t>(pages) * page_size() : kUnknown;
}

std::size_t address_space_bytes() {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kUnknown;
  return limit.rlim_cur;
}

// A file of one number. "max" and what cannot be read are kUnknown.
std::size_t number_in(const std::string& path) {
  std::size_t number = 0;
  return std::ifstream(path) >> number ? number : kUnknown;
}

// The least of the limits of a group and of those around it. A container may see its own group as the
// root of the hierarchy, under a path that does not exist inside.
std::size_t limit_of(const std::string& root, std::string group, const std::string& file) {
  std::size_t least = number_in(root + file);
  while (!group.empty() && group != "/") {
    least = std::min(least, number_in(root + group + file));
    group.resize(group.rfind('/'));
  }
  return least;
}

}  // namespace

// A line of the list is "number:controllers:/path"; version 2 names no controllers.
std::size_t control_group_bytes(const std::string& list, const std::string& root) {
  std::size_t least = kUnknown;
  std::ifstream groups(list);
  for (std::string number, controllers, path; std::getline(groups, number, ':') &&
                                              std::getline(groups, controllers, ':') &&
                                              std::getline(groups, path);) {
    if (!path.starts_with('/')) continue;
    if (controllers.empty()) {
      least = std::min(least, limit_of(root, path, "/memory.max"));
    } else if (("," + controllers + ",").find(",memory,") != std::string::npos) {
      least = std::min(least, limit_of(root + "/memory", path, "/memory.limit_in_bytes"));
    }
  }
  return least;
}

void release_pages(void* begin, std::size_t n_bytes) {
  constexpr std::uintptr_t kWorthACall = std::uintptr_t{64} * 1024;
  const std::uintptr_t page = page_size();
  const auto address = reinterpret_cast<std::uintptr_t>(begin);
  const std::uintptr_t first = (address + page - 1) / page * page;
  const std::uintptr_t last = (address + n_bytes) / page * page;
  if (last <= first || last - first < kWorthACall) return;
  // a hint: where it fails the memory stays
  static_cast<void>(
      ::madvise(static_cast<char*>(begin) + (first - address), last - first, MADV_DONTNEED));
}

std::size_t resident_bytes() {
  std::size_t total = 0;
  std::size_t resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * page_size();
}

std::size_t memory_limit_bytes() {
  return std::min({machine_bytes(), address_space_bytes(),
                   control_group_bytes("/proc/self/cgroup", "/sys/fs/cgroup")});
}

}  // namespace qtot
