// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/all_methods.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "sim/network.hpp"
#include "sim/world.hpp"

namespace sotto::rpc {
namespace {

class Listener final : public Client {
  public:
    Rights rights() const noexcept override { return Rights::admin; }
    bool can_notify() const noexcept override { return true; }
};

/// A node's methods beside their description.
class AllMethodsTest : public testing::Test {
  protected:
    AllMethodsTest() {
        config.default_listen = false;
        ByteArray<32> secret{};
        secret.fill(7);
        const auto key = crypto::PrivateKey::make(crypto::KeyType::secp256k1, secret).value();
        node::Node::Transports transports;
        transports.push_back(network.transport({10, 0, 0, 1}));
        node = node::Node::make(world.env(), config, {key, key}, std::move(transports)).value();
        control.emplace(
            *node, node::RawSettings{}, std::vector<std::string>{"HOME=/nowhere"}, node::RawSettings{}, config);
        add_all_methods(dispatcher,
                        {*node, *control, events, "/nowhere", [] { return Result<std::string>("http://x/#0"); }});
    }

    const json::array& documented() const { return document.at("methods").as_array(); }
    static std::size_t required(const json::value& method) {
        std::size_t count = 0;
        for (const auto& param : method.at("params").as_array()) count += param.at("required").as_bool() ? 1 : 0;
        return count;
    }
    const json::value& resolved(const json::value& schema) const {
        const auto* reference = schema.as_object().if_contains("$ref");
        if (!reference) return schema;
        const std::string_view path = reference->get_string();
        return document.at("components").at("schemas").at(path.substr(path.rfind('/') + 1));
    }
    /// Something that the schema allows, as far as its type goes.
    json::value sample(const json::value& param) const {
        const auto& schema = resolved(param.at("schema")).as_object();
        if (const auto* examples = schema.if_contains("examples")) return examples->at(0);
        const auto* type = schema.if_contains("type");
        if (!type) return nullptr;
        if (*type == "object") return json::object();
        if (*type == "array") return json::array();
        if (*type == "number" || *type == "integer") return 1;
        if (*type == "boolean") return true;
        return "0x00";
    }
    json::value call(std::string_view method, json::array params) {
        json::object request{{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}};
        request["params"] = std::move(params);
        Listener client;
        return json::parse(sim::run_task(world, dispatcher.handle(json::serialize(request), client)));
    }
    static std::string error_of(const json::value& reply) {
        const auto* error = reply.as_object().if_contains("error");
        return error ? std::string(error->at("message").as_string()) : std::string();
    }

    sim::World world;
    sim::Network network{world};
    node::Config config;
    std::unique_ptr<node::Node> node;
    std::optional<node::Control> control;
    EventLog events{world.random()};
    node::Limits limits;
    Dispatcher dispatcher{limits};
    const json::value document = json::parse(openrpc_document());
};

TEST_F(AllMethodsTest, AreThoseThatTheDocumentLists) {
    std::set<std::string> listed;
    for (const auto& method : documented()) {
        EXPECT_TRUE(listed.emplace(method.at("name").as_string()).second) << method.at("name");
    }
    const auto names = dispatcher.methods();
    EXPECT_EQ(std::set<std::string>(names.begin(), names.end()), listed);
}

TEST_F(AllMethodsTest, TakeTheParametersThatTheDocumentLists) {
    const std::set<std::string_view> slow{"admin_keyCreate", "admin_keyImport"};  // seconds of scrypt
    for (const auto& method : documented()) {
        const std::string_view name = method.at("name").as_string();
        const auto& params = method.at("params").as_array();
        const auto count = required(method);
        json::array given;
        for (std::size_t i = 0; i < count; ++i) {
            const auto reply = call(name, given);
            ASSERT_TRUE(reply.as_object().contains("error")) << name << " is content with " << i << " parameters";
            EXPECT_EQ(reply.at("error").at("code").as_int64(), -32602) << name << ": " << error_of(reply);
            given.push_back(sample(params[i]));
        }
        if (slow.contains(name)) continue;
        EXPECT_EQ(error_of(call(name, given)).find("missing value"), std::string::npos) << name;
    }
}

TEST_F(AllMethodsTest, AreDescribedByAWholeDocument) {
    EXPECT_TRUE(std::string_view(document.at("openrpc").as_string()).starts_with("1."));
    EXPECT_EQ(call("rpc.discover", {}).at("result"), document);
    for (const auto& method : documented()) {
        EXPECT_FALSE(method.at("summary").as_string().empty());
        bool optional = false;
        for (const auto& param : method.at("params").as_array()) {
            EXPECT_TRUE(resolved(param.at("schema")).is_object());
            EXPECT_FALSE(optional && param.at("required").as_bool()) << method.at("name");
            optional = !param.at("required").as_bool();
        }
        EXPECT_TRUE(resolved(method.at("result").at("schema")).is_object());
    }
}

}  // namespace
}  // namespace sotto::rpc
