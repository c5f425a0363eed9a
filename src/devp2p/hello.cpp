// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "devp2p/hello.hpp"

#include <algorithm>

#include "codec/rlp.hpp"

namespace sotto::devp2p {
namespace {

constexpr std::size_t kMaxCapabilities = 100;

Result<std::vector<Capability>> decode_capabilities(rlp::Reader list) {
    std::vector<Capability> all;
    while (!list.empty()) {
        if (all.size() == kMaxCapabilities) return fail(Errc::malformed, "too many capabilities");
        SOTTO_TRY(auto fields, list.list());
        SOTTO_TRY(const auto name, fields.string());
        SOTTO_TRY(const auto version, fields.uint(~std::uint32_t{0}));
        // A name that no client has cannot be shared: left out, not an offence.
        if (name.empty() || name.size() > kMaxCapabilityName) continue;
        all.push_back({std::string(text_of(name)), static_cast<unsigned>(version)});
    }
    return all;
}

}  // namespace

Bytes encode_hello(const Hello& hello) {
    Bytes out;
    rlp::Writer writer(out);
    const auto list = writer.begin_list();
    writer.uint(hello.version).string(hello.client);
    const auto capabilities = writer.begin_list();
    for (const auto& capability : hello.capabilities) {
        const auto pair = writer.begin_list();
        writer.string(capability.name).uint(capability.version).end_list(pair);
    }
    writer.end_list(capabilities).uint(hello.listen_port).string(hello.id).end_list(list);
    return out;
}

Result<Hello> decode_hello(BytesView payload) {
    if (payload.size() > kMaxHello) return fail(Errc::too_large, "a Hello above 2 KiB");
    SOTTO_TRY(auto fields, rlp::decode_list(payload, rlp::Tail::ignored));
    Hello hello;
    SOTTO_TRY(hello.version, fields.uint());
    SOTTO_TRY(const auto client, fields.string());
    hello.client = std::string(text_of(client.first(std::min<std::size_t>(client.size(), 256))));
    SOTTO_TRY(const auto capabilities, fields.list());
    SOTTO_TRY(hello.capabilities, decode_capabilities(capabilities));
    SOTTO_TRY(hello.listen_port, fields.uint());
    SOTTO_TRY(hello.id, fields.fixed<64>());
    return hello;
}

}  // namespace sotto::devp2p
