// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace sotto::rpc {

/// An HTTP request whose Host and Origin have passed the rules of access.hpp. What a header lacks is empty.
struct HttpRequest {
    std::string method;  ///< GET or POST; a POST has the content type application/json
    std::string target;  ///< path and query as they were sent, "/app.js?v=1"
    std::string body;    ///< at most 64 KiB
    std::string cookie;  ///< the Cookie header
    std::string host;
    std::string origin;
};

/// What is sent back. Content-Length, Cache-Control: no-store (unless given here) and X-Content-Type-Options are added.
struct HttpReply {
    unsigned status = 200;
    std::string content_type;
    std::vector<std::pair<std::string, std::string>> headers;  ///< further ones: names and values without CR or LF
    std::string body;
};

}  // namespace sotto::rpc
