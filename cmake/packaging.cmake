# `cmake --install`: the binary, the libraries of an embedded node, the headers that its users need, a CMake package and
# a pkg-config file. The CMake package reads the pkg-config file, so what a consumer links is written once, here.
set(libraries node store devp2p libp2p whisper transport net crypto codec base)  # users before what they use
set(headers
    base/bytes.hpp base/clock.hpp base/env.hpp base/event.hpp base/log.hpp base/loop.hpp base/random.hpp base/result.hpp
    base/scratch.hpp base/signal.hpp base/task.hpp base/task_group.hpp base/token_bucket.hpp
    base/workers.hpp
    codec/multiaddr.hpp
    crypto/keccak.hpp crypto/keys.hpp crypto/secp256k1.hpp
    net/connection.hpp net/message_stream.hpp net/peer.hpp net/stream.hpp net/transport.hpp
    node/config.hpp node/counters.hpp node/gate.hpp node/host.hpp node/identity.hpp node/limits.hpp node/node.hpp
    node/settings.hpp
    whisper/allowance.hpp whisper/bloom.hpp whisper/delivery.hpp whisper/envelope.hpp whisper/filter.hpp
    whisper/journal.hpp whisper/keys.hpp whisper/message.hpp whisper/node.hpp whisper/packets.hpp whisper/pool.hpp whisper/pow.hpp
    whisper/topic.hpp)

foreach(library IN LISTS libraries)
    install(FILES "$<TARGET_FILE:sotto_${library}>" TYPE LIB)
    string(APPEND sotto_libs " -lsotto_${library}")
endforeach()
foreach(header IN LISTS headers)
    get_filename_component(folder "${header}" DIRECTORY)
    install(FILES "src/${header}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/sotto/${folder}")
endforeach()

# What changes the layout of types or the code of inline functions must be the same on both sides.
get_target_property(definitions sotto_options INTERFACE_COMPILE_DEFINITIONS)
list(FILTER definitions EXCLUDE REGEX "^TOML_")
list(TRANSFORM definitions PREPEND " -D")
list(JOIN definitions "" sotto_cflags)
if(SOTTO_SANITIZE)
    string(APPEND sotto_cflags " -fsanitize=${SOTTO_SANITIZE}")
    string(APPEND sotto_libs " -fsanitize=${SOTTO_SANITIZE}")
endif()

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/sotto")
file(RELATIVE_PATH sotto_prefix "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
file(RELATIVE_PATH sotto_pkgconfig "/${package_dir}" "/${CMAKE_INSTALL_LIBDIR}/pkgconfig")
configure_file(cmake/sotto.pc.in package/sotto.pc @ONLY)
configure_file(cmake/sotto-config.cmake.in package/sotto-config.cmake @ONLY)
include(CMakePackageConfigHelpers)
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/package/sotto-config-version.cmake"
    COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/package/sotto.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/package/sotto-config.cmake"
    "${CMAKE_CURRENT_BINARY_DIR}/package/sotto-config-version.cmake" DESTINATION "${package_dir}")
