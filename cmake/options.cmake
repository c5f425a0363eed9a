# Compiler, warnings, hardening and sanitizers: one interface target that every target of the project links.
set(SOTTO_SANITIZE "" CACHE STRING "Sanitizers to build with, as -fsanitize= takes them")
option(SOTTO_FUZZER "Link the fuzz targets with libFuzzer instead of the replay main" OFF)
option(SOTTO_COVERAGE "Instrument for source-based coverage" OFF)
option(SOTTO_WERROR "Warnings are errors" OFF)
option(SOTTO_TESTS "Build tests, benchmarks and fuzz targets" ON)

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")

find_program(CCACHE ccache)
if(CCACHE)
    # Precompiled headers need the sloppiness; the prefix map makes hits between build folders possible.
    set(CMAKE_CXX_COMPILER_LAUNCHER
        ${CMAKE_COMMAND} -E env "CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime" ${CCACHE})
endif()

add_library(sotto_options INTERFACE)
target_compile_options(sotto_options INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual
    -Wimplicit-fallthrough -Wno-missing-designated-field-initializers -Werror=format-security -Werror=return-type -Werror=unused-result
    -fPIE -fno-omit-frame-pointer "SHELL:-Xclang -fno-pch-timestamp")
target_compile_definitions(sotto_options INTERFACE
    _GLIBCXX_ASSERTIONS BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION
    SPDLOG_COMPILED_LIB SPDLOG_FMT_EXTERNAL TOML_HEADER_ONLY=0)
target_include_directories(sotto_options INTERFACE "${CMAKE_SOURCE_DIR}/src")
target_link_options(sotto_options INTERFACE -fuse-ld=lld -pie)
if(SOTTO_WERROR)
    target_compile_options(sotto_options INTERFACE -Werror)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT SOTTO_SANITIZE)
    # tests/functional/test_hardening.py checks these on the binary.
    target_compile_options(sotto_options INTERFACE
        -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
        -ftrivial-auto-var-init=zero -fzero-call-used-regs=used-gpr)
    target_link_options(sotto_options INTERFACE
        LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack LINKER:-z,separate-code LINKER:--gc-sections)
    target_compile_options(sotto_options INTERFACE -ffunction-sections -fdata-sections)
endif()

if(SOTTO_SANITIZE)
    target_compile_options(sotto_options INTERFACE -fsanitize=${SOTTO_SANITIZE} -fno-sanitize-recover=all -fno-sanitize=function)
    target_link_options(sotto_options INTERFACE -fsanitize=${SOTTO_SANITIZE})
    # Recycled coroutine frames would hide a use after free.
    target_compile_definitions(sotto_options INTERFACE
        BOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING BOOST_ASIO_DISABLE_SMALL_BLOCK_RECYCLING SOTTO_SANITIZED)
endif()
if(SOTTO_FUZZER)
    target_compile_options(sotto_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(SOTTO_COVERAGE)
    target_compile_options(sotto_options INTERFACE -fprofile-instr-generate -fcoverage-mapping)
    target_link_options(sotto_options INTERFACE -fprofile-instr-generate)
endif()
