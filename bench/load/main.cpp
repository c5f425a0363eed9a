// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>

#include "base/loop.hpp"
#include "base/offload.hpp"
#include "load.hpp"

namespace sotto::load {

void report(const Fields& fields) {
    std::string line;
    for (const auto& [name, value] : fields) line += fmt::format("{}\"{}\":{}", line.empty() ? "" : ",", name, value);
    fmt::print("{{{}}}\n", line);
    std::fflush(stdout);
}

Task<void> wait_for_end_of_input(Env env) {
    const auto read_all = [] {
        ByteArray<64> ignored;
        while (::read(STDIN_FILENO, ignored.data(), ignored.size()) > 0) {
        }
        return true;
    };
    (void)co_await offload(env, read_all);
}

double to_seconds(Duration duration) noexcept {
    return std::chrono::duration<double>(duration).count();
}

double percentile(std::vector<double>& values, double p) {
    if (values.empty()) return 0;
    std::ranges::sort(values);
    return values[static_cast<std::size_t>(p * static_cast<double>(values.size() - 1))];
}

Result<const net::ProtocolSpec*> find_spec(std::string_view name) {
    for (const auto* spec : {&kShh, &kBench})
        if (spec->name == name) return spec;
    return fail(Errc::invalid_argument, "the protocol is shh or bench");
}

namespace {

struct RoleInfo {
    const char* name;
    const char* help;
    Role run;
};
constexpr std::array kRoles{
    RoleInfo{"handshakes", "connect, one ping, goodbye: --count times, --parallel at a time", handshakes},
    RoleInfo{"idle", "open --count connections and keep them until stdin ends", idle},
    RoleInfo{"pings", "--count round trips on one connection", pings},
    RoleInfo{"perf", "/perf/1.0.0 with --up and --down bytes", perf},
    RoleInfo{"sink", "a devp2p node that counts what it reads, until stdin ends", sink},
    RoleInfo{"source", "--count messages of --size bytes to gethbench or a sink", source},
    RoleInfo{"seal", "write --count envelopes with --size bytes of payload to --file", seal},
    RoleInfo{"relay",
             "the first --count envelopes of --file through a node, from us to us --receivers times, --rate a second",
             relay},
    RoleInfo{"feed", "the first --count envelopes of --file to a node", feed},
    RoleInfo{"nonces", "search nonces for an envelope of --size bytes for --seconds", nonces},
};

void add_options(CLI::App& app, Options& options) {
    app.add_option("address", options.address, "enode:// URL or multiaddr of the node");
    app.add_option("--protocol", options.protocol, "shh or bench");
    app.add_option("--file", options.file, "sealed envelopes");
    app.add_option("--key", options.key, "symmetric key, 64 hex digits");
    app.add_option("--count", options.count);
    app.add_option("--parallel", options.parallel);
    app.add_option("--receivers", options.receivers, "connections that all envelopes come to")
        ->check(CLI::PositiveNumber);
    app.add_option("--size", options.size, "bytes");
    app.add_option("--rate", options.rate, "a second; 0: as fast as they are taken");
    app.add_option("--seconds", options.seconds);
    app.add_option("--up", options.up, "bytes");
    app.add_option("--down", options.down, "bytes");
    app.add_option("--ttl", options.ttl, "seconds");
    app.add_option("--pow", options.pow);
}

Task<int> run(Env env, Role role, const Options& options) {
    const auto done = co_await role(env, options);
    if (done) co_return 0;
    fmt::print(stderr, "sotto_load: {}\n", done.error().message());
    co_return 1;
}

}  // namespace
}  // namespace sotto::load

int main(int argc, char** argv) {
    using namespace sotto;
    constexpr int kKept = 4 * 1024 * 1024;  // as in the node: buffers do not go back to the kernel after each write
    mallopt(M_MMAP_THRESHOLD, kKept);
    mallopt(M_TRIM_THRESHOLD, kKept);
    load::Options options;
    load::Role role = nullptr;
    CLI::App app("Load for nodes of either network; see tools/dev/bench.py");
    app.require_subcommand(1);
    for (const auto& info : load::kRoles) {
        auto* verb = app.add_subcommand(info.name, info.help);
        load::add_options(*verb, options);
        verb->callback([&role, &info] { role = info.run; });
    }
    CLI11_PARSE(app, argc, argv);
    Loop loop(1);
    return loop.run(load::run(loop.env(), role, options));
}
