// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <filesystem>
#include <vector>

#include "chat/contact.hpp"

namespace sotto::messenger {

/// The people one has written to, so that they are still heard on the negotiated topic after a restart: a key (0x04…) a
/// line, at most 256, in a private file. Errors of reading: those of the file, malformed. None when there is no file.
Result<std::vector<chat::Key>> read_contacts(const std::filesystem::path& file);
/// Complete or not at all; of more than 256, the last ones.
Result<void> write_contacts(const std::filesystem::path& file, const std::vector<chat::Key>& contacts);

}  // namespace sotto::messenger
