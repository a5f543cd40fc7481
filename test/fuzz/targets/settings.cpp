/** Small texts of administrators: a driver's address, a path, the flags of a Mesos agent, the parameters of its module. */
#include <cstdint>
#include <string>
#include <vector>

#include "effects/address.hpp"
#include "effects/error.hpp"
#include "effects/paths.hpp"
#include "mesos/agent_flags.hpp"
#include "targets.hpp"

namespace moorage::fuzz {
namespace {

/** What stands between NUL bytes, as in /proc/PID/cmdline. */
std::vector<std::string> wordsOf(const std::string& text) {
  std::vector<std::string> words{""};
  for (const char c : text) {
    if (c == '\0') words.emplace_back();
    else words.back().push_back(c);
  }
  return words;
}

void checkAddress(const std::string& text) {
  try {
    const auto address = parseAddress(text);
    must(address.socketPath.empty() || address.socketPath.front() == '/', "a socket's path is absolute");
    must(address.authority.find_first_of("/?#@ \r\n") == std::string::npos, "nothing but host and port goes into the URL");
  } catch (const EffectError& error) {
    must(error.code() == "bad-address", "a bad address is called so");
  }
}

void checkPath(const std::string& text) {
  try {
    const auto path = absolutePath(text, "the path");
    must(path.front() == '/' && (path + "/").find("/../") == std::string::npos, "no path leads up");
    must(absolutePath(path, "the path") == path, "what is normal stays as it is");
    must(isBelow(joinPath(path, "x"), path) && relativeTo(joinPath(path, "x"), path) == "x", "what is joined is below");
  } catch (const EffectError& error) {
    must(error.code() == "bad-path", "a bad path is called so");
  }
}

/** Settings are read from pairs: each word is split at its first equals sign. */
void checkSettings(const std::vector<std::string>& words) {
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const auto& word : words) {
    const auto at = std::min(word.find('='), word.size());
    parameters.emplace_back(word.substr(0, at), word.substr(std::min(at + 1, word.size())));
  }
  try {
    must(module::readSettings(parameters).config.front() == '/', "the configuration's path is absolute");
  } catch (const std::runtime_error&) {
    // As its comment says.
  }
}

void checkFlags(const std::vector<std::string>& words) {
  const module::AgentFlags flags(words, words);
  for (const auto& sentence : module::whatIsWrong(flags, {}, true)) must(!sentence.empty(), "what is wrong is said");
  static_cast<void>(module::sandboxDirectoryOf(flags, {}));
}

}  // namespace

void trySettings(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto words = wordsOf(text);
  for (const auto& word : words) checkAddress(word);
  checkPath(text);
  checkSettings(words);
  // A flag may name any file of this machine, to be read.
  if (text.find("file://") == std::string::npos) checkFlags(words);
}

}  // namespace moorage::fuzz
