// SPDX-License-Identifier: Apache-2.0 OR MIT
// One binary a module: SOTTO_FUZZ_TARGET names the target. With libFuzzer it fuzzes; without, it replays the files and
// folders given as arguments, so that any build can run the corpus.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "base/fuzz.hpp"

namespace sotto::fuzz {
namespace {

std::map<std::string, Function, std::less<>>& targets() {
    static std::map<std::string, Function, std::less<>> all;
    return all;
}

Function chosen() {
    const char* name = std::getenv("SOTTO_FUZZ_TARGET");
    const auto it = targets().find(name ? name : "");
    if (it != targets().end()) return it->second;
    std::fprintf(stderr, "set SOTTO_FUZZ_TARGET to one of:\n");
    for (const auto& [known, function] : targets()) std::printf("%s\n", known.c_str());
    // libFuzzer takes an ordinary exit for a crash.
    std::fflush(stdout);
    std::_Exit(name ? 2 : 0);
}

}  // namespace

Registration::Registration(std::string_view name, Function function) {
    targets().emplace(name, function);
}

void property_failed(const char* condition, const char* file, int line) {
    std::fprintf(stderr, "property does not hold: %s at %s:%d\n", condition, file, line);
    std::abort();
}

}  // namespace sotto::fuzz

#ifdef SOTTO_LIBFUZZER

/// Without a target the list is printed before libFuzzer begins.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
    (void)sotto::fuzz::chosen();
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto function = sotto::fuzz::chosen();
    function({data, size});
    return 0;
}

#else

namespace {

std::size_t replay(sotto::fuzz::Function function, const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const sotto::Bytes input{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    function(input);
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    const auto function = sotto::fuzz::chosen();
    std::size_t count = 0;
    for (int i = 1; i < argc; ++i) {
        if (!std::filesystem::is_directory(argv[i])) {
            count += replay(function, argv[i]);
            continue;
        }
        for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
            if (entry.is_regular_file()) count += replay(function, entry.path());
        }
    }
    std::printf("replayed %zu inputs\n", count);
    return count > 0 ? 0 : 1;
}

#endif
