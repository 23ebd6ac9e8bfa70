#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "columnar/types.hpp"
#include "plan/table.hpp"

namespace dart::plan {

/// One WITH option that a connector or a format understands.
struct OptionSpec {
  std::string name;  ///< `*.min` stands for `c.min` with any column c of the table
  /// Text, BigInt, Double, Bool, Interval, or Null for a literal of any type.
  columnar::TypeId type = columnar::TypeId::Text;
  bool required = false;
  std::vector<std::string> choices;  ///< not empty: the only values allowed
  std::string summary;
};

struct ConnectorSpec {
  std::string name;
  bool is_source = false;
  bool is_sink = false;
  bool takes_format = true;
  std::vector<OptionSpec> options;
  /// True when reading ends by itself under these options; null: never.
  bool (*bounded)(const Options& options) = nullptr;
  bool upserts = false;  ///< replaces a row by its PRIMARY KEY, and takes it away
};

struct FormatSpec {
  std::string name;
  bool reads = false;
  bool writes = false;
  std::vector<OptionSpec> options;
};

/// What extensions exist in this binary, as values: the roof fills it from the lists of `connectors`, so that
/// `sql` can check names whose code it may not include.
struct Catalogue {
  std::vector<ConnectorSpec> connectors;
  std::vector<FormatSpec> formats;
};

}  // namespace dart::plan
