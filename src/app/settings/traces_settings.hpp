#pragma once

#include <optional>

#include "app/settings/config.hpp"
#include "app/settings/config_file.hpp"

namespace jobqd::app {

/// Reads the standard variables of OpenTelemetry, OTEL_*, which are no settings of jobqd: they have no flags
/// and no keys in the file. Empty where no endpoint is set, or OTEL_SDK_DISABLED is true; then nothing else
/// is looked at. A variable that is set to nothing counts as not set.
/// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
/// https://opentelemetry.io/docs/specs/otel/protocol/exporter/
///
/// A fault is one line, and never has the value of a header in it.
[[nodiscard]] std::optional<TracesConfig> read_traces(const Environment& environment, Faults& faults);

}  // namespace jobqd::app
