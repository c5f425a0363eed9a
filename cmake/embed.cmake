# sotto_embed(TARGET FILE NAMESPACE FUNCTION): FILE becomes a part of TARGET, which gets
#   std::string_view NAMESPACE::FUNCTION() noexcept
# Plain CMake at build time: no tool has to be there, and ccache sees every byte (of .incbin and #embed it does not).
if(CMAKE_SCRIPT_MODE_FILE)
    file(READ "${FILE}" hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    file(WRITE "${OUT}" "// Made from ${NAME}.
#include <string_view>
namespace ${NAMESPACE} {
namespace {
constexpr unsigned char kBytes[] = {${bytes}};
}
std::string_view ${FUNCTION}() noexcept {
    return {reinterpret_cast<const char*>(kBytes), sizeof kBytes};
}
}
")
    return()
endif()

function(sotto_embed target file namespace function)
    set(out "${CMAKE_CURRENT_BINARY_DIR}/embedded/${function}.cpp")
    add_custom_command(OUTPUT "${out}"
        COMMAND "${CMAKE_COMMAND}" "-DFILE=${CMAKE_CURRENT_SOURCE_DIR}/${file}" "-DNAME=${file}" "-DOUT=${out}"
            "-DNAMESPACE=${namespace}" "-DFUNCTION=${function}" -P "${CMAKE_CURRENT_FUNCTION_LIST_FILE}"
        DEPENDS "${file}" "${CMAKE_CURRENT_FUNCTION_LIST_FILE}"
        VERBATIM)
    target_sources(${target} PRIVATE "${out}")
endfunction()
