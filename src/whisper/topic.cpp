// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/topic.hpp"

namespace sotto::whisper {

Topic topic_of_name(std::string_view name) {
    return first_bytes<4>(crypto::keccak256(view_of(name)));
}

}  // namespace sotto::whisper
