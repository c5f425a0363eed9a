// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <fmt/format.h>

#include <unistd.h>
#include <boost/json.hpp>

#include <csignal>
#include <cstdio>

#include "authority.hpp"
#include "base/loop.hpp"
#include "base/task_group.hpp"
#include "node/control.hpp"
#include "node/files.hpp"
#include "node/identity.hpp"
#include "node/journal.hpp"
#include "node/logbook.hpp"
#include "node/node.hpp"
#include "rpc/all_methods.hpp"
#include "rpc/event_methods.hpp"
#include "rpc/ipc_server.hpp"
#include "rpc/monitor.hpp"
#include "rpc/page.hpp"
#include "rpc/params.hpp"
#include "rpc/server.hpp"
#include "service_manager.hpp"
#include "signals.hpp"
#include "token.hpp"
#include "verbs.hpp"

namespace sotto::app {
namespace {

namespace json = boost::json;

/// What who reads the ready lines calls us: in a source tree by ./dev, installed by name.
std::string_view own_name() {
    std::error_code code;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", code);
    return std::filesystem::exists(self.parent_path() / "CMakeCache.txt", code) ? "./dev" : "sotto";
}

/// What the settings were made of.
struct Origins {
    node::RawSettings flags;
    Environment environment;
    node::RawSettings settings;
};

/// What ends or changes a running node. Made first: a signal that comes before the node is ready is kept until it is.
struct Signals {
    explicit Signals(const Executor& executor) : end(executor), hangup(executor, SIGHUP) {}
    EndSignal end;
    SignalWatch hangup;
};

struct Service {
    Service(Env e, node::Config c, const Environment& environment)
        : env(e), config(std::move(c)), events(*env.random), manager(env, environment) {}
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;
    ~Service() { forget_url(); }

    Env env;
    node::Config config;
    std::optional<node::DataDir> data_dir;
    std::unique_ptr<node::SqliteJournal> journal;
    std::unique_ptr<node::Node> node;
    std::optional<node::Logbook> logbook;
    std::optional<node::Control> control;
    rpc::EventLog events;
    std::vector<Subscription> logged;
    std::optional<rpc::Dispatcher> dispatcher;
    std::optional<rpc::Monitor> monitor;
    std::unique_ptr<rpc::IpcServer> ipc;
    std::unique_ptr<rpc::Server> server;
    std::string rpc_url;
    ServiceManager manager;
    std::optional<rpc::Page> page;
    std::string page_url;  ///< up to the word

    /// Everything that can fail before ready.
    Result<void> start(const Origins& origins) {
        SOTTO_TRY(auto dir, node::DataDir::open(config.data_dir));
        data_dir.emplace(std::move(dir));
        SOTTO_TRY(const auto devp2p, node::load_identity(config.devp2p_identity_file, *env.random));
        const bool same = config.libp2p_identity_file == config.devp2p_identity_file;
        SOTTO_TRY(const auto libp2p, same ? devp2p : node::load_identity(config.libp2p_identity_file, *env.random));
        SOTTO_TRY(journal, node::SqliteJournal::open(env, data_dir->path() / "outbox.db"));
        SOTTO_TRY(node, node::Node::make(env, config, {devp2p, libp2p}, journal.get()));
        node->whisper().restore(journal->take_loaded());
        logbook.emplace(*node);
        control.emplace(*node, origins.flags, origins.environment, origins.settings, config);
        SOTTO_CHECK(node->listen());
        return start_rpc();
    }

    void add_methods() {
        dispatcher.emplace(node->limits());
        rpc::add_all_methods(*dispatcher, {*node, *control, events, data_dir->path(), [this] { return make_link(); }});
        logged.push_back(rpc::log_peers(events, *node));
        logged.push_back(rpc::log_peer_states(events, *node));
        logged.push_back(rpc::log_states(events, node->whisper()));
    }

    Result<void> start_ipc() {
        if (config.ipc.empty()) return {};
        ipc = std::make_unique<rpc::IpcServer>(env, config.ipc, node->limits(), *dispatcher);
        return ipc->listen();
    }

    /// Another process may listen there next, and verbs would bring it the token.
    void forget_url() const noexcept {
        std::error_code ignored;
        if (data_dir) std::filesystem::remove(data_dir->path() / kUrlFile, ignored);
    }

    Result<void> start_rpc() {
        forget_url();
        add_methods();
        SOTTO_CHECK(start_ipc());
        if (!config.rpc) return {};
        rpc::ServerConfig server_config;
        SOTTO_TRY(server_config.access.token, load_token(data_dir->path(), *env.random));
        server_config.access.vhosts = config.rpc_vhosts;
        server_config.access.origins = config.rpc_origins;
        server_config.events = &events;
        server_config.log_messages = [this](const std::string& filter) {
            return rpc::log_messages(events, node->whisper(), filter);
        };
        monitor.emplace(*node, *dispatcher);
        server_config.health = [this] { return monitor->health(); };
        server_config.metrics = [this] { return monitor->metrics(); };
        server_config.page = [this](const rpc::HttpRequest& request) { return page->answer(request); };
        server_config.session = [this](std::string_view cookies) { return page->has_session(cookies); };
        server = std::make_unique<rpc::Server>(env, node->limits(), std::move(server_config), *dispatcher);
        SOTTO_TRY(const auto endpoint, server->listen(config.rpc->host, config.rpc->port));
        rpc_url = local_authority(endpoint);
        page.emplace(*env.clock, *env.random, endpoint.port, rpc::page_html());
        page_url = "http://" + page_authority(endpoint, config.rpc_vhosts) + "/#";
        return node::write_private_file(
            data_dir->path() / kUrlFile, view_of("ws://" + rpc_url), node::Existing::replace);
    }

    Result<std::string> make_link() {
        if (!page) return fail(Errc::unsupported, "there is no page without --rpc");
        return page_url + page->make_word();
    }

    void log_ready() const {
        std::string listening;
        for (const auto& address : node->host().listen_addresses())
            listening += (listening.empty() ? "" : " ") + address.to_string();
        log::info("run",
                  "ready",
                  {{"version", SOTTO_VERSION},
                   {"listen", listening.empty() ? "none" : listening},
                   {"rpc", rpc_url.empty() ? "none" : "http://" + rpc_url},
                   {"data_dir", config.data_dir.string()}});
    }

    void print_ready() {
        const auto multiaddrs = node->multiaddrs();
        if (config.json) {
            json::object ready{{"event", "ready"},
                               {"pid", ::getpid()},
                               {"version", SOTTO_VERSION},
                               {"enode", rpc::text_or_null(node->enode())},
                               {"peerId", crypto::PeerId(node->identities().libp2p.public_key()).to_string()},
                               {"multiaddrs", nullptr},
                               {"rpc", nullptr},
                               {"dataDir", config.data_dir.string()}};
            if (!multiaddrs.empty()) ready["multiaddrs"] = json::array(multiaddrs.begin(), multiaddrs.end());
            if (!rpc_url.empty()) ready["rpc"] = {{"http", "http://" + rpc_url}, {"ws", "ws://" + rpc_url}};
            fmt::print("{}\n", json::serialize(ready));
        } else {
            print_for_people(multiaddrs);
        }
        std::fflush(stdout);
    }

    void print_for_people(const std::vector<std::string>& multiaddrs) {
        fmt::print("Sotto {} is ready; Ctrl-C ends it.\n", SOTTO_VERSION);
        const auto enode = node->enode();
        fmt::print("devp2p    {}\n", enode.empty() ? "off" : enode);
        for (const auto& address : multiaddrs) fmt::print("libp2p    {}\n", address);
        if (multiaddrs.empty()) fmt::print("libp2p    off\n");
        fmt::print("rpc       {}\n", rpc_url.empty() ? "off" : "http://" + rpc_url + " and ws://" + rpc_url);
        // Not into a file or a journal: whoever reads it there within its ten minutes is let in.
        if (page && ::isatty(STDOUT_FILENO) == 1) {
            fmt::print(
                "page      {}{} (good once, for ten minutes; a fresh one: sotto page)\n", page_url, page->make_word());
        }
        fmt::print("data      {}\n", config.data_dir.string());
        if (enode.empty() || multiaddrs.empty()) return;
        fmt::print("\nTalk across both networks: paste these into two more terminals.\n");
        for (const auto& address : {"'" + enode + "'", multiaddrs.front()})
            fmt::print("  {} chat '#lobby' --connect {}\n", own_name(), address);
    }

    std::string status() const { return fmt::format("serving {} peers", node->host().peer_count()); }

    void reload() {
        manager.reloading();
        const auto reloaded = control->reload();
        manager.ready(reloaded ? status() : "the settings were not reloaded: " + reloaded.error().detail());
    }

    Task<int> serve(Signals& signals) {
        auto body = [this, &signals](TaskGroup& group) -> Task<Result<void>> {
            group.spawn(node->run());
            if (server) group.spawn(server->run());
            if (ipc) group.spawn(ipc->run());
            log_ready();
            print_ready();
            manager.ready(status());
            co_await signals.end.wait();
            log::info("run", "ending", {{"peers", std::to_string(node->host().peer_count())}});
            manager.stopping();
            if (server) server->stop();
            if (ipc) ipc->stop();
            node->stop();
            co_await group.wait_all();
            co_return Result<void>{};
        };
        auto watched = [&](TaskGroup& group) -> Task<Result<void>> {
            group.spawn(signals.hangup.each([this] { reload(); }));
            group.spawn(manager.feed_watchdog([this] { return status(); }));
            co_return co_await with_group(env, 3, std::ref(body));
        };
        (void)co_await with_group(env, 2, std::ref(watched));
        co_return kDone;
    }
};

}  // namespace

int run_verb(const node::RawSettings& flags, const Environment& environment) {
    Loop loop(worker_threads());
    Signals signals(loop.env().executor);
    const auto settings = node::gather_settings(flags, environment);
    if (!settings) return report(settings.error());
    auto config = node::make_config(*settings);
    if (!config) return report(config.error());
    log::configure(config->log_level, config->log_format);
    Service service(loop.env(), std::move(*config), environment);
    const auto started = service.start({flags, environment, *settings});
    if (!started) return report(started.error());
    return loop.run(service.serve(signals));
}

}  // namespace sotto::app
