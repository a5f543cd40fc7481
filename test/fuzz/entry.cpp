/** What an engine calls. MOORAGE_FUZZ_TARGET says which target it feeds. */
#include <curl/curl.h>

#include <map>
#include <string>

#include "targets.hpp"

namespace moorage::fuzz {
namespace {

Target chosen = nullptr;

const std::map<std::string, Target>& known() {
  static const std::map<std::string, Target> targets = {
      {"answer", tryAnswer}, {"app", tryApp},             {"calls", tryCalls},     {"control", tryControl},
      {"frames", tryFrames}, {"mountinfo", tryMountinfo}, {"records", tryRecords}, {"settings", trySettings},
  };
  return targets;
}

}  // namespace
}  // namespace moorage::fuzz

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  using namespace moorage::fuzz;
  const char* name = std::getenv("MOORAGE_FUZZ_TARGET");
  const auto found = known().find(name != nullptr ? name : "");
  must(found != known().end(), "MOORAGE_FUZZ_TARGET names a target");
  chosen = found->second;
  must(curl_global_init(CURL_GLOBAL_NOTHING) == CURLE_OK, "libcurl is ready");
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  moorage::fuzz::chosen(data, size);
  return 0;
}
