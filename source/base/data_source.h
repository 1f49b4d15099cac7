// Reads what a DataSource of the config names: a file, an environment variable or the text itself.
// For set-up code on the main thread: it blocks on the disk.
#ifndef CULVERT_SOURCE_BASE_DATA_SOURCE_H_
#define CULVERT_SOURCE_BASE_DATA_SOURCE_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "api/culvert/config/v1/data_source.pb.h"

namespace culvert {

inline constexpr size_t kMaxDataSourceSize = 1024 * 1024;

// `filename` itself if it is absolute, else below `base_directory` (the folder of the config file).
std::string ResolveFilename(std::string_view filename, std::string_view base_directory);

// The whole of a regular file of at most `max_size` bytes; it may be empty. Errors name the file,
// the reason and the remedy.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_size);

// The data, exactly as it is stored. No data is an error, as is more than `max_size` bytes. Errors
// name the file or the variable, never the data.
absl::StatusOr<std::string> ReadDataSource(const config::v1::DataSource& source,
                                           std::string_view base_directory,
                                           size_t max_size = kMaxDataSourceSize);

}  // namespace culvert

#endif  // CULVERT_SOURCE_BASE_DATA_SOURCE_H_
