#include "playback/browser.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>

namespace qtot::test {
namespace {

// Ends in any case: `timeout` sees to it.
std::string dump_dom(const std::string& url, const std::filesystem::path& profile,
                     int milliseconds) {
  const std::string command =
      "timeout --kill-after=5 150 chromium --headless --no-sandbox --disable-gpu --disable-quic"
      " --no-first-run --disable-background-networking --disable-component-update --disable-sync"
      " --disable-dev-shm-usage --host-resolver-rules='MAP * ~NOTFOUND' --window-size=1200,900"
      " --user-data-dir='" +
      profile.string() + "' --virtual-time-budget=" + std::to_string(milliseconds) +
      " --dump-dom '" + url + "' 2>/dev/null";
  std::string text;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return text;
  std::array<char, 1 << 14> block{};
  for (std::size_t n; (n = std::fread(block.data(), 1, block.size(), pipe)) > 0;) {
    text.append(block.data(), n);
  }
  EXPECT_EQ(::pclose(pipe), 0) << command;
  return text;
}

}  // namespace

nlohmann::json page_check(const std::filesystem::path& page, const std::string& fragment,
                          int milliseconds) {
  const std::string url = "file://" + page.string() + "#test&" + fragment;
  const std::filesystem::path profile = page.string() + ".profile";
  const std::string dom = dump_dom(url, profile, milliseconds);
  std::error_code ignored;
  std::filesystem::remove_all(profile, ignored);
  const std::string start = "<script id=\"self-check\" type=\"application/json\">";
  const std::size_t begin = dom.find(start);
  if (begin == std::string::npos) {
    ADD_FAILURE() << url << ": the page said nothing of itself:\n" << dom.substr(0, 2000);
    return nullptr;
  }
  const std::size_t end = dom.find("</script>", begin);
  const std::string text = dom.substr(begin + start.size(), end - begin - start.size());
  nlohmann::json check = nlohmann::json::parse(text, nullptr, false);
  EXPECT_FALSE(check.is_discarded()) << text;
  return check;
}

}  // namespace qtot::test
