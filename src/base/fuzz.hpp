// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <string_view>

#include "base/bytes.hpp"

namespace sotto::fuzz {

using Function = void (*)(BytesView input);

/// Registers one target; use SOTTO_FUZZ.
struct Registration {
    Registration(std::string_view name, Function function);
};

/// Stops the run: a property does not hold.
[[noreturn]] void property_failed(const char* condition, const char* file, int line);

}  // namespace sotto::fuzz

/// SOTTO_FUZZ(rlp) { … use `input` … } defines the target "rlp", whose corpus is fuzz/corpus/rlp.
#define SOTTO_FUZZ(name)                                                                               \
    static void sotto_fuzz_##name(::sotto::BytesView input);                                           \
    static const ::sotto::fuzz::Registration sotto_fuzz_registration_##name(#name, sotto_fuzz_##name); \
    static void sotto_fuzz_##name([[maybe_unused]] ::sotto::BytesView input)

#define SOTTO_FUZZ_CHECK(condition) \
    ((condition) ? void(0) : ::sotto::fuzz::property_failed(#condition, __FILE__, __LINE__))
