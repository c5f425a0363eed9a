// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/interfaces.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>

namespace sotto::node {
namespace {

/// Raw bytes of an interface address of the wanted family; empty for others and for link-local ones.
Bytes address_bytes(const ifaddrs& entry, std::size_t size) {
    if (!entry.ifa_addr || !(entry.ifa_flags & IFF_UP)) return {};
    if (size == 4 && entry.ifa_addr->sa_family == AF_INET) {
        const auto* raw =
            reinterpret_cast<const Byte*>(&reinterpret_cast<const sockaddr_in*>(entry.ifa_addr)->sin_addr);
        return to_bytes(BytesView(raw, 4));
    }
    if (size == 16 && entry.ifa_addr->sa_family == AF_INET6) {
        const auto& address = reinterpret_cast<const sockaddr_in6*>(entry.ifa_addr)->sin6_addr;
        if (IN6_IS_ADDR_LINKLOCAL(&address)) return {};
        return to_bytes(BytesView(reinterpret_cast<const Byte*>(&address), 16));
    }
    return {};
}

std::vector<Bytes> interface_addresses(std::size_t size) {
    std::vector<Bytes> all;
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) return all;
    for (const auto* entry = list; entry; entry = entry->ifa_next) {
        auto bytes = address_bytes(*entry, size);
        if (bytes.empty()) continue;
        const bool loopback = (entry->ifa_flags & IFF_LOOPBACK) != 0;
        all.insert(loopback ? all.begin() : all.end(), std::move(bytes));
    }
    ::freeifaddrs(list);
    return all;
}

}  // namespace

std::vector<Multiaddr> dialable_addresses(const Multiaddr& listen) {
    const auto ip = listen.ip();
    const bool any = !ip.empty() && std::ranges::all_of(ip, [](Byte b) { return b == 0; });
    if (!any) return {listen};
    std::vector<Multiaddr> all;
    for (const auto& bytes : interface_addresses(ip.size())) {
        auto address = Multiaddr::from_ip(bytes, listen.tcp_port().value_or(0));
        for (std::size_t i = 2; i < listen.parts().size(); ++i) {
            address = address.with(listen.parts()[i].code, listen.parts()[i].value);
        }
        all.push_back(std::move(address));
    }
    return all;
}

}  // namespace sotto::node
