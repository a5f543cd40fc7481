/**
 * Feeds a target where there is no libFuzzer, and understands those of its options that fuzzing.ts uses: inputs of a corpus, changed
 * at random, without knowing what they reach. Arguments without a dash are folders of inputs, or one input to run.
 */
#include <sanitizer/common_interface_defs.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" __attribute__((weak)) int LLVMFuzzerInitialize(int* count, char*** arguments);
extern "C" const char* __asan_default_options() { return "handle_abort=1"; }

namespace {

using Input = std::vector<std::uint8_t>;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds pulse{5};

struct Options {
  std::string artifactPrefix = "./";
  std::size_t lengthMax = 4096;
  int seconds = 1;
  unsigned seed = 1;
  std::vector<std::filesystem::path> inputs;
};

Input current;
std::string artifactPrefix;

/** In the last moments of the process: the sanitizers call it when they have found something. */
void keepCurrent() {
  const std::string path = artifactPrefix + "crash-" + std::to_string(std::hash<std::string>{}({current.begin(), current.end()}));
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(current.data()), static_cast<std::streamsize>(current.size()));
  std::fprintf(stderr, "Test unit written to %s\n", path.c_str());
}

void run(const Input& input) {
  current = input;
  // Of its own size, so that a read past the end is one.
  Input exact(input);
  exact.shrink_to_fit();
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

Input readInput(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return Input(std::istreambuf_iterator<char>(file), {});
}

std::vector<Input> readCorpus(const std::vector<std::filesystem::path>& folders) {
  std::vector<Input> corpus{{}};
  for (const auto& folder : folders) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) corpus.push_back(readInput(entry.path()));
  }
  return corpus;
}

class Mutator {
 public:
  Mutator(std::vector<Input> corpus, unsigned seed, std::size_t lengthMax)
      : corpus_(std::move(corpus)), random_(seed), lengthMax_(lengthMax) {}

  Input next() {
    Input input = corpus_[below(corpus_.size())];
    for (std::size_t times = 1 + below(4); times > 0; times--) change(input);
    if (input.size() > lengthMax_) input.resize(lengthMax_);
    return input;
  }

 private:
  std::size_t below(std::size_t end) { return end == 0 ? 0 : random_() % end; }

  void change(Input& input) {
    const std::size_t at = below(input.size() + 1);
    const std::size_t length = 1 + below(std::min<std::size_t>(64, input.size() - at + 1));
    const auto from = input.begin() + static_cast<std::ptrdiff_t>(at);
    const auto to = input.begin() + static_cast<std::ptrdiff_t>(std::min(at + length, input.size()));
    switch (below(6)) {
      case 0: if (from != input.end()) *from ^= static_cast<std::uint8_t>(1U << below(8)); break;
      case 1: if (from != input.end()) *from = static_cast<std::uint8_t>(random_()); break;
      case 2: input.erase(from, to); break;
      case 3: input.insert(from, length, static_cast<std::uint8_t>(random_())); break;
      case 4: insert(input, at, Input(from, to)); break;
      default: {
        const Input& other = corpus_[below(corpus_.size())];
        const std::size_t begin = below(other.size());
        const std::size_t end = begin + below(other.size() - begin + 1);
        insert(input, at, Input(other.begin() + static_cast<std::ptrdiff_t>(begin), other.begin() + static_cast<std::ptrdiff_t>(end)));
      }
    }
  }

  static void insert(Input& input, std::size_t at, const Input& part) {
    input.insert(input.begin() + static_cast<std::ptrdiff_t>(at), part.begin(), part.end());
  }

  std::vector<Input> corpus_;
  std::mt19937 random_;
  std::size_t lengthMax_;
};

std::string valueOf(const std::string& argument) { return argument.substr(argument.find('=') + 1); }

Options readOptions(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; i++) {
    const std::string argument = arguments[i];
    if (argument.rfind("-max_total_time=", 0) == 0) options.seconds = std::stoi(valueOf(argument));
    else if (argument.rfind("-max_len=", 0) == 0) options.lengthMax = std::stoul(valueOf(argument));
    else if (argument.rfind("-seed=", 0) == 0) options.seed = static_cast<unsigned>(std::stoul(valueOf(argument)));
    else if (argument.rfind("-artifact_prefix=", 0) == 0) options.artifactPrefix = valueOf(argument);
    else if (argument.rfind("-", 0) != 0) options.inputs.emplace_back(argument);
  }
  return options;
}

}  // namespace

int main(int count, char** arguments) {
  if (LLVMFuzzerInitialize != nullptr) LLVMFuzzerInitialize(&count, &arguments);
  const Options options = readOptions(count, arguments);
  artifactPrefix = options.artifactPrefix;
  __sanitizer_set_death_callback(keepCurrent);
  if (!options.inputs.empty() && !std::filesystem::is_directory(options.inputs.front())) {
    for (const auto& path : options.inputs) run(readInput(path));
    return 0;
  }
  const auto corpus = readCorpus(options.inputs);
  long runs = 0;
  for (const Input& input : corpus) run(input), runs++;
  Mutator mutator(corpus, options.seed, options.lengthMax);
  const auto end = Clock::now() + std::chrono::seconds(options.seconds);
  auto pulseAt = Clock::now() + pulse;
  for (; Clock::now() < end; runs++) {
    run(mutator.next());
    if (Clock::now() < pulseAt) continue;
    pulseAt += pulse;
    std::fprintf(stderr, "#%ld runs\n", runs);
  }
  std::fprintf(stderr, "stat::number_of_executed_units: %ld\n", runs);
  return 0;
}
