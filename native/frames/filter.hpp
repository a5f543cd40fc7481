#pragma once

#include <algorithm>
#include <iterator>
#include <string_view>

#include "fields.hpp"

namespace moorage::frames {

inline constexpr std::string_view volumeLabelPrefix = "volume";
inline constexpr std::string_view volumeEnvironmentPrefix = "DVDI_";

/** The pairs whose key starts with `prefix`, in their order. */
inline Pairs withPrefix(const Pairs& pairs, std::string_view prefix) {
  Pairs kept;
  std::copy_if(pairs.begin(), pairs.end(), std::back_inserter(kept),
               [prefix](const auto& pair) { return std::string_view(pair.first).substr(0, prefix.size()) == prefix; });
  return kept;
}

/** The labels that may reach the journal. All others can hold secrets of the task, so they end here. */
inline Pairs volumeLabels(const Pairs& labels) { return withPrefix(labels, volumeLabelPrefix); }

/** The environment that may reach the journal, for the same reason as with {@link volumeLabels}. */
inline Pairs volumeEnvironment(const Pairs& env) { return withPrefix(env, volumeEnvironmentPrefix); }

}  // namespace moorage::frames
