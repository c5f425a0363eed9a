// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/services.hpp"

#include "libp2p/echo.hpp"
#include "libp2p/heartbeat.hpp"
#include "libp2p/perf.hpp"
#include "libp2p/ping.hpp"

namespace sotto::libp2p {
namespace {

Task<Result<void>> on_ping(ServiceContext&, net::Stream& stream) {
    return serve_ping(stream);
}
Task<Result<void>> on_heartbeat(ServiceContext&, net::Stream& stream) {
    return serve_heartbeat(stream);
}
Task<Result<void>> on_identify(ServiceContext& context, net::Stream& stream) {
    const auto info = context.describe_us();
    co_return co_await write_identify(stream, info);
}
Task<Result<void>> on_identify_push(ServiceContext& context, net::Stream& stream) {
    SOTTO_CO_TRY(auto info, co_await read_identify(stream, context.peer()));
    context.learn(std::move(info));
    co_return Result<void>{};
}
Task<Result<void>> on_echo(ServiceContext&, net::Stream& stream) {
    return serve_echo(stream);
}
Task<Result<void>> on_perf(ServiceContext&, net::Stream& stream) {
    return serve_perf(stream);
}

}  // namespace

std::vector<Service> make_services(bool echo, bool perf) {
    std::vector<Service> services{{kPingId, on_ping},
                                  {kHeartbeatId, on_heartbeat},
                                  {kIdentifyId, on_identify},
                                  {kIdentifyPushId, on_identify_push}};
    if (echo) services.push_back({kEchoId, on_echo});
    if (perf) services.push_back({kPerfId, on_perf});
    return services;
}

}  // namespace sotto::libp2p
